"""An odd file: its maker, the size that it shows, and how near it is to the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tests.odd_pictures import SIZE
from tests.pictures import draw, encode

#: Mean difference of channels that lossy formats, palettes and inks are allowed.
NEAR = 12.0


@dataclass(frozen=True)
class Odd:
    """A file; ``near`` is None where it shows another picture, or few pixels."""

    make: Callable[[], bytes]
    size: tuple[int, int] = SIZE
    near: float | None = NEAR


#: How an upright picture is stored under each orientation.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def difference(image: Image.Image, expected: Image.Image) -> float:
    """Return the mean difference of channels; of greys, if that is all that the image has."""
    if image.size != expected.size:
        return 255.0
    found = np.asarray(image).astype(float)
    if np.ptp(found, axis=2).max() == 0:
        expected = expected.convert("L").convert("RGB")
    return float(np.abs(found - np.asarray(expected).astype(float)).mean())


def tiny(kind: str, size: tuple[int, int], **options: object) -> bytes:
    return encode(draw("disc-b", size), kind, **options)


def thin(kind: str, size: tuple[int, int], **options: object) -> bytes:
    return encode(Image.linear_gradient("L").resize(size).convert("RGB"), kind, **options)
