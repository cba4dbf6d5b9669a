"""The real network with a cache: descriptors are extracted once a machine, not once a test.

A descriptor is cached under a hash of everything that determines it: the pixels, the precision, the
weights, the code of the core and the version of torch. Torch is loaded only for a picture that is
not cached.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from stylesim_app.conf import conf
from stylesim_app.core.descriptors import Descriptor, Provenance

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "stylesim_app"
KEPT = ROOT / "var" / "tests" / "descriptors"


class ShippedNetwork:
    """Stands in for the network of the weights that ship, which is loaded when it is needed."""

    def __init__(self, load: Callable[[], Any]) -> None:
        self._load = load

    def __getattr__(self, name: str) -> Any:
        return getattr(self._load(), name)

    def describe(self, pixels: NDArray[np.uint8]) -> list[Descriptor]:
        paths = [KEPT / _origin() / conf.precision / _name(each) for each in pixels]
        unknown = [index for index, path in enumerate(paths) if not path.exists()]
        if unknown:
            found = self._load().describe(pixels[unknown])
            for index, descriptor in zip(unknown, found, strict=True):
                _write(paths[index], descriptor)
        return [pickle.loads(path.read_bytes()) for path in paths]


class OtherNetwork:
    """A network of other weights, which is loaded each time; what it said is known for a run."""

    known: ClassVar[dict[tuple[Provenance, str], Descriptor]] = {}

    def __init__(self, network: Any) -> None:
        self._network = network

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def describe(self, pixels: NDArray[np.uint8]) -> list[Descriptor]:
        keys = [(self.provenance, _name(each)) for each in pixels]
        unknown = [index for index, key in enumerate(keys) if key not in self.known]
        if unknown:
            found = self._network.describe(pixels[unknown])
            self.known.update(zip([keys[index] for index in unknown], found, strict=True))
        return [self.known[key] for key in keys]


def remember(get_network: Callable[[], Any]) -> Callable[[], Any]:
    """A ``get_network`` whose networks remember."""
    shipped = ShippedNetwork(get_network)
    return lambda: shipped if conf.weights == "paintings" else OtherNetwork(get_network())


@cache
def _origin() -> str:
    """A hash of the weights and of the code that describes."""
    digest = hashlib.sha256(metadata.version("torch").encode())
    for path in sorted([*(APP / "core").rglob("*.py"), *(APP / "weights").glob("*.safetensors")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _name(pixels: NDArray[np.uint8]) -> str:
    return hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()


def _write(path: Path, descriptor: Descriptor) -> None:
    """Written by a rename, since other processes of the run read and write the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{uuid4().hex}.part")
    part.write_bytes(pickle.dumps(descriptor))
    part.replace(path)
