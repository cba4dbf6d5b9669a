"""Large collections without pictures: blends of the descriptors of real ones.

The Gram matrix of a picture made of parts of two others is a blend of theirs. A blend of two
descriptors has the blend of their projections, so that 100,000 works need no 80 GB: an exact
descriptor is written when it is first read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from numpy.typing import NDArray

from stylesim_app import files
from stylesim_app.core.compression import ROUNDING, CompactDescriptor, Compressor
from stylesim_app.core.descriptors import LAYERS, STYLE_LAYERS, Descriptor

FOLDER = "blends"


class Blend(NamedTuple):
    """``1 - share`` of one base descriptor and ``share`` of another, by file name."""

    first: int
    second: int
    share: float

    def file_name(self, names: Sequence[str]) -> str:
        first, second = (names[at].rpartition("/")[2].partition(".")[0] for at in self[:2])
        return f"{FOLDER}/{first}+{second}+{self.share:.6f}.safetensors"


def draw_blends(count: int, works: int) -> Iterator[Blend]:
    """Draw the same blends every time; the first ``n`` do not depend on ``count``."""
    generator = np.random.default_rng(0)
    for _ in range(count):
        first, second = generator.choice(works, 2, replace=False)
        yield Blend(int(first), int(second), float(generator.uniform(0.15, 0.5)))


class BlendStorage(FileSystemStorage):
    """The private storage, which writes a blend when it is first read."""

    def _open(self, name: str, mode: str = "rb") -> Any:
        if name.startswith(FOLDER) and not self.exists(name):
            stem = name.removeprefix(f"{FOLDER}/").removesuffix(".safetensors")
            first, second, share = stem.split("+")
            blend = _blend(_read(first), _read(second), float(share))
            self.save(name, ContentFile(blend.to_bytes()))
        return super()._open(name, mode)  # type: ignore[misc]


def _read(stem: str) -> Descriptor:
    return files.read_descriptor(f"descriptors/{stem[:2]}/{stem}.safetensors")


def _blend(first: Descriptor, second: Descriptor, share: float) -> Descriptor:
    layers = {
        layer: (1 - share) * first.layer(layer) + np.float32(share) * second.layer(layer)
        for layer in LAYERS
    }
    return Descriptor(
        style={layer: layers[layer] for layer in STYLE_LAYERS},
        content=layers[LAYERS[-1]],
        provenance=first.provenance,
    )


@dataclass(frozen=True, eq=False)
class Base:
    """Real works: compact descriptors, and the inner products of their projections, by layer."""

    names: Sequence[str]
    compacts: Sequence[CompactDescriptor]
    products: Mapping[str, NDArray[np.float64]]

    @classmethod
    def read(cls, names: Sequence[str], compressor: Compressor) -> Base:
        compacts = [compressor.compress(files.read_descriptor(name)) for name in names]
        products = {}
        for layer in LAYERS:
            rows = np.stack([files.read_descriptor(name).layer(layer) for name in names])
            rows -= compressor.bases[layer].mean
            products[layer] = (rows @ rows.T).astype(np.float64)
        return cls(names, compacts, products)

    def compress(self, blend: Blend) -> CompactDescriptor:
        """Return the compact descriptor of a blend."""
        first, second = self.compacts[blend.first], self.compacts[blend.second]
        shares = 1 - blend.share, blend.share
        z = (shares[0] * first.z + shares[1] * second.z).astype(np.float32)
        compact = CompactDescriptor(z, *np.empty((2, len(LAYERS)), np.float32))
        for index, layer in enumerate(LAYERS):
            products = self.products[layer][np.ix_(blend[:2], blend[:2])]
            square = float(np.array(shares) @ products @ np.array(shares))
            kept = float(np.square(compact.layer(layer), dtype=np.float64).sum())
            compact.squares[index] = square
            compact.residuals[index] = np.sqrt(max(square - kept, 0.0) + ROUNDING * square)
        return compact
