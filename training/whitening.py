"""The embeddings that ship with the app, fitted to folders of pictures.

Where the pictures have labels, the whitened style is also divided by its covariance within a label,
so that numbers in which the works of one artist differ count less: within-class covariance
normalisation, Hatch, Kajarekar, Stolcke, Interspeech 2006.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stylesim_app.core.descriptors import STYLE_LAYERS
from stylesim_app.core.embedding import (
    PICTURE_EMBEDDING_PATH,
    REGION_WHITENING_PATH,
    PictureEmbedding,
    RegionEmbedding,
)
from stylesim_app.core.vgg import Network
from stylesim_app.core.whitening import Whitening, fix_signs
from stylesim_app.evaluation.distances import read_all

from .described import Described
from .pictures import load_pictures, read_manifest

#: Share of the identity in the covariance within a label, so that no number is magnified much.
SHRINKAGE = 0.1


def fit_whitenings(
    network: Network,
    folders: Sequence[Path],
    kept: Path,
    output: Path,
    every: int = 1,
    label: str | None = None,
) -> dict[str, str]:
    """Fit to each ``every``-th picture of manifests, and return the SHA-256 of each file written.

    The column ``label``, if any, is that of the covariance within a label; nothing is drawn at
    random. Descriptors are kept in ``kept``, 0.8 MB a picture, for another time. Raises
    ManifestError.
    """
    pictures = list_pictures(folders, every, label)
    paths = Described(network, kept).extract(_load_each(list(pictures)))
    origin = {
        "pictures": f"{len(pictures)} of {', '.join(folder.name for folder in folders)}",
        "made by": "python -m training whiten",
    }
    of_pictures = PictureEmbedding.fit(lambda: read_all(paths))
    if label is not None:
        origin["label"] = label
        of_pictures = discount_labels(of_pictures, paths, list(pictures.values()))
    fitted = {
        PICTURE_EMBEDDING_PATH: of_pictures.to_bytes(origin),
        REGION_WHITENING_PATH: RegionEmbedding.fit(lambda: read_all(paths)).to_bytes(origin),
    }
    output.mkdir(parents=True, exist_ok=True)
    digests = {}
    for path, content in fitted.items():
        (output / path.name).write_bytes(content)
        digests[path.name] = hashlib.sha256(content).hexdigest()
    return digests


def list_pictures(
    folders: Sequence[Path], every: int = 1, label: str | None = None
) -> dict[Path, str]:
    """Return each ``every``-th picture of the folders' manifests, from the first on, by its path.

    The manifests count as one list. Each picture has its cell in the column ``label``, or an empty
    text. Raises ManifestError.
    """
    columns = [] if label is None else [label]
    rows = [
        (folder / row["file"], "" if label is None else row[label])
        for folder in folders
        for row in read_manifest(folder, columns)
    ]
    return dict(rows[::every])


def discount_labels(
    embedding: PictureEmbedding, paths: Sequence[Path], labels: Sequence[str]
) -> PictureEmbedding:
    """Return the embedding with each style layer divided by its covariance within a label."""
    rows = np.stack([embedding.style.describe(descriptor) for descriptor in read_all(paths)])
    whitenings: dict[str, Whitening] = {}
    for layer, vectors in zip(STYLE_LAYERS, np.split(rows, len(STYLE_LAYERS), axis=1), strict=True):
        whitenings[layer] = divide_by(
            embedding.style.whitenings[layer], covariance_within(vectors, labels)
        )
    return replace(embedding, style=replace(embedding.style, whitenings=whitenings))


def covariance_within(
    vectors: NDArray[np.floating[Any]], labels: Sequence[str]
) -> NDArray[np.float64]:
    """Return the covariance ``(d, d)`` of vectors ``(n, d)`` about the means of their labels.

    Raises ValueError unless two vectors share a label.
    """
    _names, numbers, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(counts) == len(vectors):
        raise ValueError("expected at least 2 vectors with the same label, got none")
    sums = np.zeros((len(counts), vectors.shape[1]))
    np.add.at(sums, numbers, vectors)
    rest = vectors - (sums / counts[:, None])[numbers]
    return rest.T @ rest / (len(vectors) - len(counts))


def divide_by(whitening: Whitening, covariance: NDArray[np.float64]) -> Whitening:
    """Return the whitening whose numbers are divided by the root of a covariance ``(m, m)``.

    The covariance is scaled to a mean variance of 1, and shrunk towards the identity.
    """
    size = len(covariance)
    scaled = covariance * (size / np.trace(covariance))
    values, vectors = np.linalg.eigh((1 - SHRINKAGE) * scaled + SHRINKAGE * np.eye(size))
    wide = whitening.components.astype(np.float64) * whitening.scales
    columns = wide @ (fix_signs(vectors) / np.sqrt(values))
    scales = np.linalg.norm(columns, axis=0)
    return Whitening(
        whitening.mean, (columns / scales).astype(np.float16), scales.astype(np.float32)
    )


def _load_each(places: Sequence[Path]) -> Iterator[NDArray[np.uint8]]:
    for place in tqdm(places, unit=" pictures"):
        yield load_pictures([place])[0]
