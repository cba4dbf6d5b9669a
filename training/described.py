"""Exact descriptors of pictures, extracted once and kept in a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stylesim_app.core.vgg import Network

#: Pictures that the network sees at once.
BATCH = 8


class Described:
    """A folder of the descriptors of one network, each named for the pixels it was made from."""

    def __init__(self, network: Network, folder: Path) -> None:
        self.network = network
        self.folder = folder / network.provenance.digest[:16]
        self.folder.mkdir(parents=True, exist_ok=True)

    def extract(self, pictures: Iterable[NDArray[np.uint8]]) -> list[Path]:
        """Return the file of each picture ``(224, 224, 3)``, extracting those that are not kept."""
        paths: list[Path] = []
        waiting = iter(pictures)
        while batch := list(islice(waiting, BATCH)):
            files = [self._path(pixels) for pixels in batch]
            missing = {
                path: pixels for path, pixels in zip(files, batch, strict=True) if not path.exists()
            }
            if missing:
                found = self.network.describe(np.stack(list(missing.values())))
                for path, descriptor in zip(missing, found, strict=True):
                    # A file is there in full or not at all, if this process is stopped.
                    partial = path.with_suffix(".partial")
                    partial.write_bytes(descriptor.to_bytes())
                    partial.replace(path)
            paths += files
        return paths

    def _path(self, pixels: NDArray[np.uint8]) -> Path:
        name = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
        return self.folder / f"{name}.safetensors"
