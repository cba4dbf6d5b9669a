"""Files that an interrupted evaluation goes on from."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Kept:
    """A folder of files by the kind of their content and a key; each is complete or not there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, kind: str, name: str) -> Path:
        return self.folder / kind / name

    def write(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Another process may write the same file.
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        partial.write_bytes(content)
        partial.replace(path)

    def arrays(
        self, kind: str, key: str, compute: Callable[[], Mapping[str, NDArray[Any]]]
    ) -> Mapping[str, NDArray[Any]]:
        """Return arrays by name, which are computed unless they are kept."""
        path = self.path(kind, f"{key}.npz")
        if not path.exists():
            buffer = io.BytesIO()
            arrays: dict[str, Any] = dict(compute())
            np.savez(buffer, **arrays)
            self.write(path, buffer.getvalue())
        with np.load(path) as file:
            return {name: file[name] for name in file.files}


def digest(texts: Iterable[str]) -> str:
    """Return a key for a sequence of texts, 32 characters."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]
