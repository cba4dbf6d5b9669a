"""Impasto: thick oriented strokes of the bristle brush, lit from the upper left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from project.demo.canvas import Scene
from project.demo.fields import (
    blur,
    direction,
    keyed,
    luminance,
    noise,
    picture,
    relit,
    saturated,
    shifted,
    steepness,
)
from project.demo.paints import Array, rgb

STEPS = 4  # segments of a stroke
FINE = 2  # drawn this many times larger, then averaged: smooth edges


def impasto(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene in three coats of strokes, broad to fine."""
    tone = luminance(scene.colour)
    colour = relit(scene.colour, 0.08 + 0.84 * keyed(tone, 0.55))
    colour = _warmed(saturated(colour, 1.35))
    flow = direction(luminance(colour), 5.0) + 0.35 * noise(rng, tone.shape, 120.0)
    detail = blur(steepness(blur(tone, 1.0)), 4.0)
    fine = detail > np.quantile(detail, 0.55)
    width, height = scene.size
    sheet = Image.new("RGBA", (width * FINE, height * FINE), (92, 62, 40, 90))
    pen = ImageDraw.Draw(sheet)
    for spacing, length, bristles, wanted in (
        (11.0, 46.0, 7, None),
        (9.0, 30.0, 5, None),
        (5.5, 13.0, 3, fine),
    ):
        starts = _scattered(rng, width, height, spacing)
        if wanted is not None:
            starts = starts[wanted[starts[:, 1].astype(int), starts[:, 0].astype(int)]]
        _coat(pen, rng, starts, colour, flow, length, bristles)
    drawn = np.asarray(sheet).reshape(height, FINE, width, FINE, 4)
    return _lit(drawn.mean(axis=(1, 3), dtype=np.float32) / 255.0)


def _warmed(colour: Array) -> Array:
    tone = luminance(colour)[..., None]
    shade, light = rgb("#1c2c7c"), rgb("#ffdf7a")
    colour = colour + (shade - colour) * 0.34 * np.clip(1.0 - tone * 2.0, 0.0, 1.0)
    warm: Array = colour + (light - colour) * 0.3 * np.clip(tone * 2.0 - 1.0, 0.0, 1.0)
    return warm


def _scattered(
    rng: np.random.Generator, width: int, height: int, spacing: float
) -> NDArray[np.float64]:
    y, x = np.mgrid[spacing / 2 : height : spacing, spacing / 2 : width : spacing]
    points = np.stack([x.ravel(), y.ravel()], axis=1)
    points += rng.uniform(-spacing / 2, spacing / 2, points.shape)
    kept: NDArray[np.float64] = np.clip(points, 0, [width - 1, height - 1])
    return kept[rng.permutation(len(kept))]


def _coat(
    pen: ImageDraw.ImageDraw,
    rng: np.random.Generator,
    starts: NDArray[np.float64],
    colour: Array,
    flow: Array,
    length: float,
    bristles: int,
) -> None:
    height, width = flow.shape
    rows, columns = starts[:, 1].astype(int), starts[:, 0].astype(int)
    tints = colour[rows, columns] * (1.0 + rng.normal(0.0, 0.06, (len(starts), 1)))
    tints = tints + rng.normal(0.0, 0.035, tints.shape)
    reach = length * rng.uniform(0.7, 1.2, len(starts)) / STEPS
    paths = [starts]
    ahead = np.zeros_like(starts)
    for _ in range(STEPS):
        here = paths[-1]
        y = np.clip(here[:, 1], 0, height - 1).astype(int)
        x = np.clip(here[:, 0], 0, width - 1).astype(int)
        heading = np.stack([np.cos(flow[y, x]), np.sin(flow[y, x])], axis=1)
        # The angle has no sign: a stroke must not turn back on itself.
        heading *= np.where((heading * ahead).sum(axis=1) < 0, -1.0, 1.0)[:, None]
        ahead = heading
        paths.append(here + heading * reach[:, None])
    path = np.stack(paths, axis=1) - (paths[-1] - paths[0])[:, None] / 2.0
    aside = np.gradient(path, axis=1)[:, :, ::-1] * np.array([-1.0, 1.0])
    aside /= np.maximum(np.hypot(aside[..., 0], aside[..., 1]), 1e-6)[..., None]
    spread = np.arange(bristles) - (bristles - 1) / 2.0
    lines = path[:, None] + aside[:, None] * spread[None, :, None, None] * 1.7
    lines = lines * FINE
    shades = tints[:, None] + rng.normal(0.0, 0.045, (len(starts), bristles, 1))
    relief = rng.uniform(0.3, 1.0, (len(starts), bristles, 1))
    inks = np.rint(np.clip(np.concatenate([shades, relief], axis=2), 0, 1) * 255).astype(int)
    for stroke, ink in zip(
        lines.reshape(len(starts), bristles, -1).tolist(), inks.tolist(), strict=True
    ):
        for bristle, tint in zip(stroke, ink, strict=True):
            pen.line(bristle, fill=tuple(tint), width=2 * FINE)


def _lit(paint: Array) -> Image.Image:
    height = blur(paint[..., 3], 0.8) * 0.5 + paint[..., 3] * 0.5
    slope = height - shifted(height, -1.0, -1.0)
    gleam = np.clip(slope - 0.17, 0.0, 1.0)
    lit = paint[..., :3] * (1.0 + 0.7 * slope[..., None]) + 0.5 * gleam[..., None]
    return picture(lit)
