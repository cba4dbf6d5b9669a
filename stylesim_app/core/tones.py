"""Conversion of decoded pixels of any mode to sRGB without alpha, a band of rows at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

#: Pixels that are converted at once, so that no second copy of a large picture is needed.
BAND_PIXELS = 4_000_000
#: Channels that differ by no more than this, over all pixels, show nothing.
UNIFORM_RANGE = 8
GREY = (128, 128, 128)
WHITE = (255, 255, 255)

_SRGB = ImageCms.createProfile("sRGB")
_FULL_SCALES = (1.0, 255.0, 65535.0)
# The bit depths of cameras and scanners that store their values unscaled in 16 bits.
_DEPTHS_IN_SIXTEEN = (1023.0, 4095.0, 65535.0)


@dataclass(frozen=True)
class Tones:
    """The meaning of values of more than eight bits: TIFF's MaxSampleValue, or the largest value of
    the bit depth; whether the depth may be less than the 16 bits; whether zero is white."""

    full: float | None = None
    is_open: bool = False
    inverted: bool = False


def to_srgb(image: Image.Image, tones: Tones, profile: bytes | None) -> tuple[Image.Image, bool]:
    """Return an image in mode ``RGB``, laid over white, and whether over grey instead.

    What is uniform over white, such as white ink, is laid over grey. A damaged profile, or one of
    another colour space than the pixels, is ignored; so is transparency that does not fit them.
    """
    image = _to_eight_bits(image, tones)
    has_alpha = image.has_transparency_data
    transform = _find_transform("RGB" if has_alpha else image.mode, profile)
    if image.mode == "RGB" and not has_alpha and transform is None:
        return image, False
    converted = _convert(image, transform, WHITE if has_alpha else None)
    if has_alpha and _is_uniform(converted):
        over_grey = _convert(image, transform, GREY)
        if not _is_uniform(over_grey):
            return over_grey, True
    return converted, False


def _convert(
    image: Image.Image, transform: Any, background: tuple[int, int, int] | None
) -> Image.Image:
    converted = Image.new("RGB", image.size)
    for box in _bands(image.size):
        band, alpha = image.crop(box), None
        if background is not None:
            rgba = band.convert("RGBA")
            band, alpha = rgba.convert("RGB"), rgba.getchannel("A")
        elif band.mode in ("P", "PA", "1"):
            band = band.convert("RGB")
        band = _apply(transform, band)
        if alpha is not None and background is not None:
            band = Image.composite(band, Image.new("RGB", band.size, background), alpha)
        converted.paste(band, box)
    return converted


def _bands(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    width, height = size
    rows = max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)


def _is_uniform(image: Image.Image) -> bool:
    extrema: Any = image.getextrema()
    return all(largest - smallest <= UNIFORM_RANGE for smallest, largest in extrema)


def _find_transform(mode: str, profile: bytes | None) -> Any:
    """Return the conversion from an embedded profile, None if there is none that fits."""
    if not isinstance(profile, bytes) or not profile:
        return None
    mode = "RGB" if mode in ("P", "PA", "1") else mode
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, _SRGB, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _apply(transform: Any, band: Image.Image) -> Image.Image:
    if transform is None:
        return band.convert("RGB")
    try:
        return ImageCms.applyTransform(band, transform) or band.convert("RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return band.convert("RGB")


def _to_eight_bits(image: Image.Image, tones: Tones) -> Image.Image:
    """Scale modes of more than eight bits, which Pillow's ``convert`` would clip."""
    if image.mode != "F" and not image.mode.startswith("I"):
        # Pillow has taken the upper eight bits of each channel.
        if tones.full is not None and tones.full < 65535 and image.mode in ("RGB", "L"):
            return image.point(
                [min(255, round(v * 65535 / tones.full)) for v in range(256)]
                * len(image.getbands())
            )
        return _with_fitting_transparency(image)
    largest = max(float(_values(image, box).max()) for box in _bands(image.size))
    full = _find_full_scale(image.mode, tones, max(largest, 0.0))
    transparent = image.info.get("transparency")
    scaled = Image.new("LA" if isinstance(transparent, int) else "L", image.size)
    for box in _bands(image.size):
        values = _values(image, box)
        grey = np.clip(values * (255.0 / full), 0, 255).round().astype(np.uint8)
        band = Image.fromarray(255 - grey if tones.inverted else grey)
        if isinstance(transparent, int):
            opaque = np.where(values == transparent, 0, 255).astype(np.uint8)
            band = Image.merge("LA", [band, Image.fromarray(opaque)])
        scaled.paste(band, box)
    return scaled


def _with_fitting_transparency(image: Image.Image) -> Image.Image:
    """Drop a transparent colour that the pixels cannot have; reduce one of 16 bits to 8."""
    transparent: Any = image.info.get("transparency")
    if transparent is None or isinstance(transparent, bytes):
        return image
    channels = transparent if isinstance(transparent, tuple) else (transparent,)
    if not all(isinstance(channel, int) for channel in channels):
        del image.info["transparency"]
    elif max(channels) > 255:
        reduced = tuple(channel >> 8 for channel in channels)
        image.info["transparency"] = reduced if isinstance(transparent, tuple) else reduced[0]
    return image


def _values(image: Image.Image, box: tuple[int, int, int, int]) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(image.crop(box), dtype=np.float64))


def _find_full_scale(mode: str, tones: Tones, largest: float) -> float:
    if tones.full is not None and largest <= tones.full:
        return tones.full
    if not mode.startswith("I;16"):
        return next((full for full in _FULL_SCALES if largest <= full), largest)
    if tones.is_open:
        return next(full for full in _DEPTHS_IN_SIXTEEN if largest <= full)
    return 65535.0
