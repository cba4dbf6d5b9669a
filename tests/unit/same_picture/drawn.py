"""Pictures with enough texture for local features, and a vocabulary that needs no training."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from stylesim_app.core.same_picture.detail import QUERY
from stylesim_app.core.same_picture.features import LocalFeatures, extract_features
from stylesim_app.core.same_picture.vocabulary import Vocabulary, load_vocabulary


@cache
def draw(seed: int, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """Clouds of colour under discs and bars of many sizes."""
    generator = np.random.default_rng(seed)
    cells = generator.integers(60, 200, (9, 12, 3), dtype=np.uint8)
    picture = Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for number in range(160):
        colour = tuple(int(value) for value in generator.integers(0, 256, 3))
        left, top = generator.uniform(0, 1, 2) * size
        right, bottom = np.add((left, top), generator.uniform(4, 60, 2))
        shape = pen.ellipse if number % 2 else pen.rectangle
        shape((left, top, right, bottom), fill=colour)
    return picture


@cache
def works_features(seed: int) -> LocalFeatures:
    return extract_features(draw(seed))


def query_features(picture: Image.Image) -> LocalFeatures:
    return extract_features(picture, QUERY)


def random_features(count: int, seed: int = 0) -> LocalFeatures:
    """Features of no picture, 512 x 400 pixels large."""
    generator = np.random.default_rng(seed)
    descriptors = np.sqrt(generator.dirichlet(np.full(128, 0.3), count)).astype(np.float32)
    return LocalFeatures(
        512.0,
        400.0,
        (generator.uniform(0, 1, (count, 2)) * (512, 400)).astype(np.float32),
        np.exp2(generator.uniform(1, 5, count)).astype(np.float32),
        generator.uniform(0, 360, count).astype(np.float32),
        descriptors,
    )


def shipped() -> Vocabulary:
    return load_vocabulary()
