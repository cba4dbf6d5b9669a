"""Pointillism: dots of divided colour on a light ground."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from project.demo.canvas import Scene
from project.demo.fields import blur, keyed, luminance, palette, relit, saturated

PIGMENTS = palette(
    "#1b2f8f", "#2f6fc9", "#6fb7e6", "#0f7f6f", "#4fae4a", "#b7d343", "#ffe14a", "#ffb02e",
    "#f4772c", "#e23a2e", "#c72a6e", "#7b3fa0", "#f7b9c4", "#fff3d6", "#3a2358",
)  # fmt: skip
GROUND = (246, 238, 218)
FINE = 2


def pointillism(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene in two layers of dots, large below and smaller above."""
    tone = luminance(scene.colour)
    colour = relit(scene.colour, 0.3 + 0.64 * keyed(tone, 0.65))
    colour = saturated(blur(colour, 1.0), 1.45)
    width, height = scene.size
    sheet = Image.new("RGB", (width * FINE, height * FINE), GROUND)
    pen = ImageDraw.Draw(sheet)
    for spacing, radius in ((7.0, 3.3), (6.4, 2.5)):
        _dots(pen, rng, colour, spacing, radius)
    return sheet.resize((width, height), Image.Resampling.BOX)


def _dots(
    pen: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    colour: np.ndarray,
    spacing: float,
    radius: float,
) -> None:
    height, width = colour.shape[:2]
    y, x = np.mgrid[0.0 : height + spacing : spacing * 0.87, 0.0 : width + spacing : spacing]
    x[1::2] += spacing / 2.0
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    points += rng.normal(0.0, spacing * 0.13, points.shape)
    points = points[rng.permutation(len(points))]
    rows = np.clip(points[:, 1], 0, height - 1).astype(int)
    columns = np.clip(points[:, 0], 0, width - 1).astype(int)
    wanted = colour[rows, columns]
    gaps = ((wanted[:, None] - PIGMENTS[None]) ** 2).sum(axis=2)
    # The chance of a pigment falls with its distance: the eye is left to mix them.
    odds = -gaps / 0.065 + rng.gumbel(0.0, 1.0, gaps.shape)
    tints = PIGMENTS[odds.argmax(axis=1)] * 0.74 + wanted * 0.26
    inks = np.rint(np.clip(tints + rng.normal(0, 0.02, tints.shape), 0, 1) * 255).astype(int)
    sizes = radius * rng.uniform(0.8, 1.15, len(points))
    corners = np.concatenate([points - sizes[:, None], points + sizes[:, None]], axis=1) * FINE
    for corner, ink in zip(corners.tolist(), inks.tolist(), strict=True):
        pen.ellipse(corner, fill=tuple(ink))
