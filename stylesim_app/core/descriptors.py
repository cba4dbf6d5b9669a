"""Descriptors of a picture: Gram matrices for its style, a feature map for its content.

Gatys, Ecker, Bethge: Image Style Transfer Using Convolutional Neural Networks, CVPR 2016.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .boxes import LONG_ASPECT, WHOLE, Box
from .errors import DescriptorError
from .images import INPUT_SIZE, PREPROCESSING_VERSION

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYER = "relu5_2"
LAYERS = (*STYLE_LAYERS, CONTENT_LAYER)
#: Channels ``N`` of the map of each layer.
CHANNELS = dict(zip(LAYERS, (64, 128, 256, 512, 512, 512), strict=True))

# Just under the largest float16, 65504.
_FLOAT16_RANGE = 60_000.0
# The least number that float32 holds with all its digits.
_LEAST_SCALE = float(np.finfo(np.float32).tiny)
_NO_SCALE = np.float32(1)

FloatArray = NDArray[np.float32]
Array = TypeVar("Array", bound=Any)


@dataclass(frozen=True)
class Provenance:
    """The network and settings that made a descriptor; only equal provenances may be compared."""

    weights: str
    weights_sha256: str
    precision: str
    network: str = "vgg19"
    input_size: int = INPUT_SIZE
    preprocessing: int = PREPROCESSING_VERSION
    layers: tuple[str, ...] = LAYERS

    @property
    def digest(self) -> str:
        """SHA-256 of all that changes a number, so without the name of the weights."""
        facts = {name: value for name, value in asdict(self).items() if name != "weights"}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "layers": list(self.layers)}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> Provenance:
        return cls(**{**facts, "layers": tuple(facts["layers"])})


class Window(NamedTuple):
    """A part of a picture that the network saw by itself: its box and ``relu5_2``."""

    box: Box
    content: FloatArray


@dataclass(frozen=True, eq=False)
class Descriptor:
    """The exact descriptor of one picture.

    ``style[layer]`` is the packed Gram matrix of a style layer, ``(N (N + 1) / 2,)``;
    ``content`` is the flattened map of ``relu5_2``, ``(512 * 14 * 14,)``; all float32. A long
    picture has ``windows``, and so has a query of which one side is clearly longer. The work is the
    part of the picture in ``box``, of which the boxes of windows are shares.
    """

    style: Mapping[str, FloatArray]
    content: FloatArray
    provenance: Provenance
    windows: tuple[Window, ...] = ()
    box: Box = WHOLE

    def __post_init__(self) -> None:
        contents = [window.content for window in self.windows]
        every = (*self.style.values(), self.content, *contents)
        if not all(np.isfinite(values).all() for values in every):
            raise DescriptorError("descriptor_not_finite")

    @property
    def is_long(self) -> bool:
        """True if the windows stand for the picture, which is too long to be seen as a square.

        Those of a query that is not as long are seen besides it.
        """
        sides = (min(window.box.width, window.box.height) for window in self.windows)
        return any(LONG_ASPECT * side < 1 for side in sides)

    def layer(self, name: str) -> FloatArray:
        """Return the stored numbers of one layer, content included."""
        return self.content if name == CONTENT_LAYER else self.style[name]

    def to_bytes(self, image_sha256: str = "") -> bytes:
        """Serialise to safetensors: float16, each layer scaled to float16's range.

        Gram entries lie near 1e-5, where float16 has few digits; the scale, one float32 a layer,
        restores them. The header names the file that was described by its SHA-256, if given.
        """
        tensors: dict[str, NDArray[Any]] = {}
        scales = np.empty(len(LAYERS), dtype=np.float32)
        for index, layer in enumerate(LAYERS):
            tensors[layer], scales[index] = _narrow(self.layer(layer))
        tensors["scales"] = scales
        if self.windows:
            tensors["windows.boxes"] = np.array([window.box for window in self.windows])
            contents = np.stack([window.content for window in self.windows])
            tensors["windows.content"], scale = _narrow(contents)
            tensors["windows.scale"] = np.array([scale], np.float32)
        if self.box != WHOLE:
            tensors["box"] = np.array(self.box)
        metadata = {"provenance": json.dumps(self.provenance.to_json())}
        if image_sha256:
            metadata["image_sha256"] = image_sha256
        return save(tensors, metadata=metadata)

    @classmethod
    def from_bytes(cls, content: bytes) -> Descriptor:
        """Read the bytes that ``to_bytes`` writes. Raises DescriptorError."""
        try:
            header_size = int.from_bytes(content[:8], "little")
            header = json.loads(content[8 : 8 + header_size])
            provenance = Provenance.from_json(json.loads(header["__metadata__"]["provenance"]))
            tensors = load(content)
            scales = tensors["scales"]
            layers = {
                layer: widen(tensors[layer], scales[index]) for index, layer in enumerate(LAYERS)
            }
            windows: list[Window] = []
            if "windows.boxes" in tensors:
                contents = widen(tensors["windows.content"], tensors["windows.scale"][0])
                boxes = [Box(*box) for box in tensors["windows.boxes"].tolist()]
                windows = [Window(*each) for each in zip(boxes, contents, strict=True)]
            box = Box(*tensors["box"].tolist()) if "box" in tensors else WHOLE
        except (SafetensorError, ValueError, KeyError, TypeError, IndexError) as error:
            raise DescriptorError("descriptor_unreadable", reason=error) from error
        return cls(layers, layers.pop(CONTENT_LAYER), provenance, tuple(windows), box)


def read_image_sha256(content: bytes) -> str:
    """Return the SHA-256 of the file that a serialised descriptor is of; empty if it names none."""
    try:
        size = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + size])
        return str(header["__metadata__"].get("image_sha256", ""))
    except (ValueError, KeyError, AttributeError, TypeError):
        return ""


def _narrow(values: FloatArray) -> tuple[NDArray[np.float16], np.float32]:
    """Return numbers as float16, scaled to its range, and the scale, which restores them."""
    largest = float(np.abs(values).max(initial=0.0))
    scale = np.float32(max(largest / _FLOAT16_RANGE, _LEAST_SCALE) if largest > 0 else 1)
    return (values / scale).astype(np.float16), scale


def widen(numbers: NDArray[np.float16], scale: np.float32 = _NO_SCALE) -> FloatArray:
    """Return ``numbers * scale`` in float32, exactly, seven times as fast as NumPy's conversion.

    The bits of a float16, moved to where float32 has its own, are a float32 whose exponent is too
    small by 112. Raises DescriptorError for infinity and NaN, which this does not convert.
    """
    bits = numbers.view(np.int16)
    if np.any((bits & 0x7C00) == 0x7C00):
        raise DescriptorError("descriptor_not_finite")
    wide = bits.astype(np.int32)
    wide <<= 13
    wide &= np.int32(0x8FFFE000 - 2**32)
    values: FloatArray = wide.view(np.float32)
    values *= np.float32(2.0**112) * min(scale, np.float32(1))
    if scale > 1:
        # In a separate step, since the product of both factors may exceed float32.
        values *= scale
    return values


def gram_matrix(feature_map: Array) -> Array:
    """Return Gram matrices ``G = F F^T / (2 N M)`` of a batch of NumPy or PyTorch feature maps.

    ``(B, N, height, width)`` becomes ``(B, N, N)``, with ``M = height * width`` positions.
    ``||G(A) - G(B)||_F ** 2`` is then Gatys' ``E_l``.
    """
    batch, channels, height, width = feature_map.shape
    flat = feature_map.reshape(batch, channels, height * width)
    gram: Array = flat @ flat.swapaxes(1, 2) / (2 * channels * height * width)
    return gram


def pack_symmetric(matrix: NDArray[np.floating[Any]]) -> FloatArray:
    """Return the upper triangle of a symmetric ``(N, N)`` matrix, ``(N (N + 1) / 2,)``, norm kept.

    Off-diagonal entries represent two, so they are multiplied by sqrt(2).
    """
    positions, factors = _triangle(matrix.shape[0])
    packed: FloatArray = matrix.reshape(-1)[positions] * factors
    return packed


def unpack_symmetric(packed: FloatArray, size: int) -> FloatArray:
    """Return the symmetric ``(size, size)`` matrix that ``pack_symmetric`` packed."""
    matrix: FloatArray = (packed / _triangle(size)[1])[_places(size)]
    return matrix


@cache
def _triangle(size: int) -> tuple[NDArray[np.intp], FloatArray]:
    """Return flat positions of the upper triangle, and the factor of each."""
    rows, columns = np.triu_indices(size)
    factors = np.where(rows == columns, 1.0, np.sqrt(2.0)).astype(np.float32)
    return rows * size + columns, factors


@cache
def _places(size: int) -> NDArray[np.intp]:
    """Return the position in the packed triangle of each entry of the matrix."""
    places = np.zeros((size, size), dtype=np.intp)
    rows, columns = np.triu_indices(size)
    places[rows, columns] = places[columns, rows] = np.arange(len(rows))
    return places
