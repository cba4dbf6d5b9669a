"""Train the vocabulary of the same-picture lane: k-means over the local features of pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from stylesim_app.core.same_picture.compact import CODE_PARTS
from stylesim_app.core.same_picture.detail import WORK
from stylesim_app.core.same_picture.features import DESCRIPTOR_SIZE, extract_features
from stylesim_app.core.same_picture.vocabulary import SIGNATURE_BITS, Vocabulary

CELLS, LEAVES, CODES = 128, 256, 256
#: Features taken of each picture: more than are stored, so that weaker ones are met too.
FEATURES = 400
#: Descriptors that the cells and the product quantiser are fitted to.
SAMPLE = 200_000
ROUNDS = 12

_LEVELS = 255

FloatArray = NDArray[np.float32]


def train_vocabulary(folder: Path, output: Path, most: int | None = None, seed: int = 0) -> str:
    """Fit a vocabulary to the JPEG files of a folder, write it, and return its SHA-256.

    With ``most``, to so many of them, the first by name.

    The same files and seed give the same vocabulary on the same machine.
    """
    paths = sorted(folder.rglob("*.jpg"))[:most]
    descriptors = collect_descriptors(paths)
    origin = {
        "format": "128 cells of 256 visual words over RootSIFT, residual product quantiser",
        "pictures": f"{len(paths)} of {folder.name}",
        "descriptors": str(len(descriptors)),
        "seed": str(seed),
    }
    content = fit_vocabulary(descriptors, seed).to_bytes(origin)
    output.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def collect_descriptors(paths: list[Path]) -> NDArray[np.uint8]:
    """Return the RootSIFT descriptors of pictures, ``(n, 128)``, in steps of 1/255."""
    found = []
    detail = WORK._replace(features=FEATURES)
    for path in tqdm(paths, unit=" pictures"):
        with Image.open(path) as picture:
            features = extract_features(picture.convert("RGB"), detail)
        found.append(np.rint(features.descriptors * _LEVELS).astype(np.uint8))
    return np.concatenate(found)


def fit_vocabulary(descriptors: NDArray[np.uint8], seed: int) -> Vocabulary:
    """Fit cells, their words, the codes of residuals, and the directions of signatures."""
    generator = np.random.default_rng(seed)
    sample = _restore(_draw(descriptors, SAMPLE, generator))
    cells = fit_centres(sample, CELLS, generator)
    members = np.concatenate(
        [nearest_centres(_restore(block), cells) for block in _blocks(descriptors)]
    )
    words = np.stack(
        [
            fit_centres(_restore(descriptors[members == cell]), LEAVES, generator)
            for cell in tqdm(range(CELLS), unit=" cells")
        ]
    )
    directions = np.zeros((SIGNATURE_BITS, DESCRIPTOR_SIZE), np.float32)
    codebook = np.zeros((CODE_PARTS, CODES, DESCRIPTOR_SIZE // CODE_PARTS), np.float32)
    unfinished = Vocabulary(cells, words, codebook, directions, b"")
    nearest = [unfinished.nearest_words(block) for block in np.array_split(sample, 100)]
    rests = sample - words.reshape(-1, DESCRIPTOR_SIZE)[np.concatenate(nearest)[:, 0]]
    for part in range(CODE_PARTS):
        values = rests.reshape(len(rests), CODE_PARTS, -1)[:, part]
        codebook[part] = fit_centres(np.ascontiguousarray(values), CODES, generator)
    directions[:] = _draw_directions(rests, generator)
    return unfinished


def fit_centres(rows: FloatArray, count: int, generator: np.random.Generator) -> FloatArray:
    """Return ``count`` centres ``(count, d)`` of rows ``(n, d)`` by Lloyd's k-means.

    A centre without members moves to a random row.
    """
    centres = _draw(rows, count, generator).copy()
    for _ in range(ROUNDS):
        members = np.concatenate([nearest_centres(block, centres) for block in _blocks(rows)])
        order = np.argsort(members, kind="stable")
        counts = np.bincount(members, minlength=count)
        filled = counts > 0
        starts = (np.cumsum(counts) - counts)[filled]
        centres[filled] = np.add.reduceat(rows[order], starts, axis=0) / counts[filled, None]
        centres[~filled] = _draw(rows, int((~filled).sum()), generator)
    return centres


def nearest_centres(rows: FloatArray, centres: FloatArray) -> NDArray[np.int64]:
    """Return the index of the nearest centre of each row, ``(n,)``."""
    squares = np.einsum("ij,ij->i", centres, centres) - 2 * (rows @ centres.T)
    nearest: NDArray[np.int64] = squares.argmin(axis=1)
    return nearest


def _draw_directions(rests: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return a random basis of the directions in which residuals vary most.

    Random, so that each bit tells about as much as any other.
    """
    vectors = np.linalg.eigh((rests.T @ rests).astype(np.float64))[1][:, -SIGNATURE_BITS:]
    turn = np.linalg.qr(generator.normal(size=(SIGNATURE_BITS, SIGNATURE_BITS)))[0]
    directions: FloatArray = (turn @ vectors.T).astype(np.float32)
    return directions


def _draw(rows: NDArray[Any], count: int, generator: np.random.Generator) -> NDArray[Any]:
    return rows[np.sort(generator.choice(len(rows), min(count, len(rows)), replace=False))]


def _blocks(rows: NDArray[Any], size: int = 20_000) -> list[NDArray[Any]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _restore(levels: NDArray[np.uint8]) -> FloatArray:
    return levels.astype(np.float32) / np.float32(_LEVELS)
