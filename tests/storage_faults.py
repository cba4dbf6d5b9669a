"""Storages that fail, for tests and drills: full after some bytes, or with errors of a bucket."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from django.core.files.storage import FileSystemStorage, InMemoryStorage
from django.utils.deconstruct import deconstructible


class Disk:
    """The room that is left on a disk that several storages share; None is room without end."""

    room: int | None = None
    writes = 0


class _Limited:
    """A file content of which only as much arrives as there is room for."""

    def __init__(self, content: Any) -> None:
        self._content = content

    def __getattr__(self, name: str) -> Any:
        if name == "temporary_file_path":
            raise AttributeError(name)
        return getattr(self._content, name)

    def chunks(self) -> Any:
        for chunk in self._content.chunks():
            if Disk.room is not None and len(chunk) > Disk.room:
                yield chunk[: Disk.room]
                Disk.room = 0
                raise OSError(errno.ENOSPC, "No space left on device")
            if Disk.room is not None:
                Disk.room -= len(chunk)
            yield chunk


@deconstructible
class SmallDisk(FileSystemStorage):
    """A file system that is full after ``Disk.room`` bytes; half a file is left behind, as on a
    real one."""

    def _save(self, name: str, content: Any) -> str:
        Disk.writes += 1
        return super()._save(name, _Limited(content))  # type: ignore[misc]

    def delete(self, name: str) -> None:
        path = Path(self.path(name))
        if Disk.room is not None and path.is_file():
            Disk.room += path.stat().st_size
        super().delete(name)


class ClientError(Exception):
    """An error as botocore raises it, which is no OSError."""

    def __init__(self, code: str) -> None:
        self.response = {"Error": {"Code": code}}
        super().__init__(f"An error occurred ({code})")


@deconstructible
class Bucket(InMemoryStorage):
    """A storage without paths, whose requests fail with ``Bucket.code`` once that is set."""

    code = ""

    def _answer(self) -> None:
        if Bucket.code:
            raise ClientError(Bucket.code)

    def _open(self, name: str, mode: str = "rb") -> Any:
        self._answer()
        return super()._open(name, mode)  # type: ignore[misc]

    def _save(self, name: str, content: Any) -> str:
        self._answer()
        return super()._save(name, content)  # type: ignore[misc]

    def exists(self, name: str) -> bool:
        self._answer()
        return super().exists(name)

    def delete(self, name: str) -> None:
        self._answer()
        super().delete(name)
