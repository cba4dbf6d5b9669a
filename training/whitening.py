"""The embeddings that ship with the app, fitted to folders of pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stylesim_app.core.embedding import (
    PICTURE_EMBEDDING_PATH,
    REGION_WHITENING_PATH,
    PictureEmbedding,
    RegionEmbedding,
)
from stylesim_app.core.vgg import Network
from stylesim_app.evaluation.distances import read_all

from .described import Described
from .pictures import load_pictures, read_manifest


def fit_whitenings(
    network: Network, folders: Sequence[Path], kept: Path, output: Path, every: int = 1
) -> dict[str, str]:
    """Fit to each ``every``-th picture of manifests, and return the SHA-256 of each file written.

    No label is read, and nothing is drawn at random. Descriptors are kept in ``kept``, 0.8 MB a
    picture, for another time. Raises ManifestError.
    """
    places = list_pictures(folders, every)
    paths = Described(network, kept).extract(_load_each(places))
    origin = {
        "pictures": f"{len(places)} of {', '.join(folder.name for folder in folders)}",
        "made by": "python -m training whiten",
    }
    fitted = {
        PICTURE_EMBEDDING_PATH: PictureEmbedding.fit(lambda: read_all(paths)).to_bytes(origin),
        REGION_WHITENING_PATH: RegionEmbedding.fit(lambda: read_all(paths)).to_bytes(origin),
    }
    output.mkdir(parents=True, exist_ok=True)
    digests = {}
    for path, content in fitted.items():
        (output / path.name).write_bytes(content)
        digests[path.name] = hashlib.sha256(content).hexdigest()
    return digests


def list_pictures(folders: Sequence[Path], every: int = 1) -> list[Path]:
    """Return each ``every``-th picture of the folders' manifests, from the first on.

    The manifests count as one list. Raises ManifestError.
    """
    places = [folder / row["file"] for folder in folders for row in read_manifest(folder, [])]
    return places[::every]


def _load_each(places: Sequence[Path]) -> Iterator[NDArray[np.uint8]]:
    for place in tqdm(places, unit=" pictures"):
        yield load_pictures([place])[0]
