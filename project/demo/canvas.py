"""A canvas on which a subject is composed, shape over shape, before a manner is applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from project.demo.paints import Array, Paint
from project.demo.shapes import Outline

FINE = 2  # drawn this many times larger, then averaged: smooth edges


@dataclass(frozen=True)
class Scene:
    """A composed subject.

    `colour` is (H, W, 3) in [0, 1]. `parts` is (H, W): the number of the shape that shows there;
    higher numbers lie in front of lower ones.
    """

    title: str
    colour: Array
    parts: NDArray[np.int32]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.parts.shape[1], self.parts.shape[0]


class Canvas:
    """A canvas for shapes from back to front, in pixels of the finished scene."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._colour = np.zeros((height * FINE, width * FINE, 3), dtype=np.float32)
        self._parts = np.zeros((height * FINE, width * FINE), dtype=np.int32)
        self._part = 0

    def fill(
        self,
        outlines: Outline | Sequence[Outline],
        paint: Paint,
        *,
        opacity: float = 1.0,
        soft: float = 0.0,
        part: bool = True,
    ) -> None:
        """Paint the outlines as one shape.

        `soft` is the blur of its edge in pixels. `part=False` only shades the shapes below:
        shadows, gleams and glazes belong to the thing they lie on.
        """
        shapes = [outlines] if isinstance(outlines, np.ndarray) else list(outlines)
        window = self._window(shapes, soft)
        if window is None:
            return
        left, top, right, bottom = window
        mask = Image.new("L", (right - left, bottom - top))
        pen = ImageDraw.Draw(mask)
        for shape in shapes:
            pen.polygon([(x * FINE - left, y * FINE - top) for x, y in shape], fill=255)
        if soft:
            mask = mask.filter(ImageFilter.GaussianBlur(soft * FINE))
        cover = np.asarray(mask, dtype=np.float32) * (opacity / 255.0)
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32) / FINE
        area = self._colour[top:bottom, left:right]
        area += (paint(x, y) - area) * cover[..., None]
        if part:
            self._part += 1
            self._parts[top:bottom, left:right][cover > 0.5 * opacity] = self._part

    def ground(self, paint: Paint) -> None:
        """Paint all of the canvas."""
        width, height = float(self.width), float(self.height)
        self.fill(np.array([[0, 0], [width, 0], [width, height], [0, height]]), paint)

    def scene(self, title: str) -> Scene:
        """Return the composed scene, at its finished size."""
        small = self._colour.reshape(self.height, FINE, self.width, FINE, 3).mean(axis=(1, 3))
        return Scene(title, np.clip(small, 0.0, 1.0), self._parts[::FINE, ::FINE].copy())

    def _window(self, shapes: list[Outline], soft: float) -> tuple[int, int, int, int] | None:
        if not shapes:
            return None
        points = np.concatenate(shapes)
        low = np.floor((points.min(axis=0) - 3.0 * soft - 1.0) * FINE).astype(int)
        high = np.ceil((points.max(axis=0) + 3.0 * soft + 2.0) * FINE).astype(int)
        left, top = (max(0, int(v)) for v in low)
        right = min(self.width * FINE, int(high[0]))
        bottom = min(self.height * FINE, int(high[1]))
        return (left, top, right, bottom) if right > left and bottom > top else None
