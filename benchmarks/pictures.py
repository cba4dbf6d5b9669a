"""Pictures for measurements: from a folder, or drawn."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

#: About two megapixels, as collections keep them for the screen.
SIZE = (1600, 1250)
#: Folder of real pictures, unless STYLESIM_BENCH_PICTURES names another.
DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "wikiart_pd_dev"


def find_pictures(count: int) -> list[Path]:
    """Return up to ``count`` JPEG files spread over the folder; none without a folder."""
    folder = Path(os.environ.get("STYLESIM_BENCH_PICTURES", DEFAULT_FOLDER))
    paths = sorted(folder.rglob("*.jpg"))
    step = max(1, len(paths) // count)
    return paths[::step][:count]


def draw_pictures(folder: Path, count: int) -> list[Path]:
    """Return JPEG files of about two megapixels: clouds of colour, shapes, strokes and grain."""
    paths = [folder / f"{number:03}.jpg" for number in range(count)]
    for number, path in enumerate(paths):
        _draw(np.random.default_rng(number)).save(path, quality=90)
    return paths


def _draw(generator: np.random.Generator) -> Image.Image:
    width, height = SIZE
    clouds = np.zeros((height, width, 3), dtype=np.float32)
    for cells, strength in ((3, 90), (12, 45), (60, 20), (300, 10)):
        noise = generator.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        layer = Image.fromarray(noise).resize(SIZE, Image.Resampling.BICUBIC)
        clouds += (np.asarray(layer, dtype=np.float32) / 255 - 0.5) * strength
    ground = generator.integers(60, 200, 3)
    image = Image.fromarray(np.clip(clouds + ground, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(60):
        colour = tuple(int(value) for value in generator.integers(0, 256, 3))
        x, y = int(generator.integers(0, width)), int(generator.integers(0, height))
        box = (x, y, x + int(generator.integers(10, 250)), y + int(generator.integers(5, 200)))
        if generator.random() < 0.5:
            pen.ellipse(box, fill=colour)
        else:
            pen.line(box, fill=colour, width=int(generator.integers(2, 30)))
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(1)), dtype=np.float32)
    grain = generator.normal(0, 4, (height, width, 1)).astype(np.float32)
    return Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8))
