"""The private storage, alias ``stylesim``: descriptors, calibrations, searched images."""

from __future__ import annotations

import errno
import logging
import os
import re
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path, PurePath
from typing import Any, cast

from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile, File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import models, transaction
from django.db.models.signals import post_delete

from .core.descriptors import Descriptor
from .core.errors import DescriptorError
from .exceptions import StorageFull, StorageUnavailable, StorageUnreachable

logger = logging.getLogger(__name__)

STORAGE_ALIAS = "stylesim"
CHECKSUM_DIGITS = 8
#: The ending of a file that is being written.
PART = ".part"
#: Files whose names have no checksum carry it behind their content, where a JPEG may have anything.
SEALED = "thumbnails/"
_SEAL = b"\ncrc32:"
#: What a full disk, or a used-up quota, answers, and what buckets do.
FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT})
FULL_CODES = frozenset({"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"})
_NAMED = re.compile(rf"-([0-9a-f]{{{CHECKSUM_DIGITS}}})$")

#: Raises StorageUnavailable unless the storage carries the marker of this installation.
Guard = Callable[[], None]


def _no_guard() -> None:
    """Let everything through until ``guard_by`` is called."""


_guard: Guard = _no_guard


def guard_by(guard: Guard) -> None:
    """Call ``guard`` before each write, and wherever a file is missing."""
    global _guard
    _guard = guard


#: The fields that name private files, by the model of their rows.
owners: dict[type[models.Model], tuple[str, ...]] = {}


def require_storage() -> None:
    """Raise StorageUnavailable unless the storage of this installation is there."""
    _guard()


class PrivateStorage:
    """The storage behind the alias; it writes only if it is there, and a file entirely or not."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def __getattr__(self, name: str) -> Any:
        return getattr(self.storage, name)

    def save(self, name: str, content: File[Any], max_length: int | None = None) -> str:
        """Store a file. Raises StorageUnavailable."""
        require_storage()
        if name.startswith(SEALED):
            content = ContentFile(seal(content.read()))
        with storage_errors(content.size):
            return save_entirely(self.storage, name, content, max_length)


def private_storage() -> Storage:
    return cast(Storage, PrivateStorage(storages[STORAGE_ALIAS]))


@contextmanager
def storage_errors(size: int = 0) -> Iterator[None]:
    """Raise the errors of a storage as StorageFull, for ``size`` bytes, or StorageUnreachable.

    FileNotFoundError passes, for it may concern one file alone.
    """
    try:
        yield
    except (FileNotFoundError, SuspiciousOperation):
        raise
    # Each backend has errors of its own, without a common base.
    except Exception as error:
        logger.warning("the storage answered with %s: %s", type(error).__name__, error)
        if is_full(error):
            raise StorageFull(error, size) from error
        raise StorageUnreachable(error) from error


def is_full(error: BaseException) -> bool:
    """Return whether an error means a full disk, or a used-up quota."""
    if isinstance(error, OSError) and error.errno in FULL_ERRORS:
        return True
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return False
    return str(response.get("Error", {}).get("Code")) in FULL_CODES


def save_entirely(
    storage: Storage, name: str, content: File[Any], max_length: int | None = None
) -> str:
    """Store a file so that it is there entirely or not at all, and return its name.

    Buckets do so themselves. On a file system, the file has another name until it is on the disk;
    a failure removes it.
    """
    if not isinstance(storage, FileSystemStorage):
        return storage.save(name, content, max_length)
    name = storage.get_available_name(name, max_length)
    part = f"{name}.{uuid.uuid4().hex}{PART}"
    try:
        storage.save(part, content)
        written, final = Path(storage.path(part)), Path(storage.path(name))
        _sync(written)
        written.replace(final)
        _sync(final.parent)
    except BaseException:
        with suppress(OSError):
            storage.delete(part)
        raise
    return name


def _sync(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # pragma: no cover - Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(folder: str, ending: str, content: bytes) -> str:
    """Store bytes under a name never used before, and return it.

    The name ends in the checksum of the bytes, which ``read`` verifies. Raises StorageUnavailable.
    """
    name = uuid.uuid4().hex
    path = f"{folder}/{name[:2]}/{name}-{_checksum(content)}.{ending}"
    return private_storage().save(path, ContentFile(content))


def read(name: str) -> bytes:
    """Return the bytes of a file.

    Raises FileNotFoundError, DescriptorError if the bytes differ from those written, or
    StorageUnavailable.
    """
    try:
        return fetch(name)
    except FileNotFoundError:
        require_storage()
        raise


def fetch(name: str) -> bytes:
    """Return the bytes of a file, in any thread.

    Raises as ``read`` does, but FileNotFoundError even if all of the storage is missing.
    """
    with storage_errors(), private_storage().open(name, "rb") as file:
        content: bytes = file.read()
    if not has_named_checksum(name, content):
        raise DescriptorError("descriptor_checksum")
    return content


def has_named_checksum(name: str, content: bytes) -> bool:
    """Return whether bytes have the checksum that the name of their file ends in, if any."""
    named = _NAMED.search(PurePath(name).stem)
    return named is None or named[1] == _checksum(content)


def _checksum(content: bytes) -> str:
    """Return the CRC-32 of bytes, which finds every change of up to 32 bits in a row."""
    return f"{zlib.crc32(content):0{CHECKSUM_DIGITS}x}"


def seal(content: bytes) -> bytes:
    """Return bytes with their checksum behind them."""
    return content + _SEAL + _checksum(content).encode()


def is_sealed(content: bytes) -> bool:
    """Return whether bytes end in their checksum."""
    body, found, checksum = content.rpartition(_SEAL)
    return bool(found) and checksum == _checksum(body).encode()


def exists(name: str) -> bool:
    """Return whether a file is there. Raises StorageUnavailable."""
    with storage_errors():
        found = private_storage().exists(name)
    if not found:
        require_storage()
    return found


def read_descriptor(name: str) -> Descriptor:
    """Read a descriptor.

    Raises DescriptorError if the file is missing or damaged, or StorageUnavailable.
    """
    return parse_descriptor(partial(fetch, name))


def parse_descriptor(fetch: Callable[[], bytes]) -> Descriptor:
    """Read a descriptor from the bytes that ``fetch`` returns.

    Raises DescriptorError if the file is missing or damaged, or StorageUnavailable.
    """
    try:
        return Descriptor.from_bytes(fetch())
    except FileNotFoundError as error:
        require_storage()
        raise DescriptorError("descriptor_missing") from error


def delete(names: Iterable[str]) -> None:
    """Delete files; one that is gone already is no error. Raises StorageUnreachable."""
    for name in names:
        with suppress(FileNotFoundError), storage_errors():
            private_storage().delete(name)


@contextmanager
def kept_if_used(names: Sequence[str] = ()) -> Iterator[list[str]]:
    """Delete the files that are still in the list at the end, even after an error.

    The caller adds files that it writes, and clears the list once rows name them.
    """
    unused = list(names)
    try:
        yield unused
    finally:
        if unused:
            with suppress(StorageUnavailable):
                delete(unused)


def delete_with(model: type[models.Model], fields: Sequence[str]) -> None:
    """Delete the private files named in ``fields`` of a row once the row is deleted."""

    owners[model] = tuple(fields)

    def delete_files(instance: models.Model, **_: Any) -> None:
        names = [name for field in fields if (name := getattr(instance, field))]
        transaction.on_commit(lambda: delete(names), robust=True)

    post_delete.connect(delete_files, sender=model, weak=False, dispatch_uid="stylesim_app.files")
