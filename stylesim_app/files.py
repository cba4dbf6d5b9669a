"""The private storage, alias ``stylesim``: descriptors, calibrations, searched images."""

from __future__ import annotations

import re
import uuid
import zlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.db import models, transaction
from django.db.models.signals import post_delete

from .core.descriptors import Descriptor
from .core.errors import DescriptorError

STORAGE_ALIAS = "stylesim"
CHECKSUM_DIGITS = 8
_NAMED = re.compile(rf"-([0-9a-f]{{{CHECKSUM_DIGITS}}})$")


def private_storage() -> Storage:
    return storages[STORAGE_ALIAS]


def write(folder: str, ending: str, content: bytes) -> str:
    """Store bytes under a name never used before, and return it.

    The name ends in the checksum of the bytes, which ``read`` verifies.
    """
    name = uuid.uuid4().hex
    path = f"{folder}/{name[:2]}/{name}-{_checksum(content)}.{ending}"
    return private_storage().save(path, ContentFile(content))


def read(name: str) -> bytes:
    """Return the bytes of a file.

    Raises FileNotFoundError, or DescriptorError if the bytes differ from those written.
    """
    with private_storage().open(name, "rb") as file:
        content: bytes = file.read()
    named = _NAMED.search(PurePath(name).stem)
    if named and named[1] != _checksum(content):
        raise DescriptorError("descriptor_checksum")
    return content


def _checksum(content: bytes) -> str:
    """Return the CRC-32 of bytes, which finds every change of up to 32 bits in a row."""
    return f"{zlib.crc32(content):0{CHECKSUM_DIGITS}x}"


def exists(name: str) -> bool:
    return private_storage().exists(name)


def read_descriptor(name: str) -> Descriptor:
    """Read a descriptor. Raises DescriptorError if the file is missing or damaged."""
    return parse_descriptor(partial(read, name))


def parse_descriptor(fetch: Callable[[], bytes]) -> Descriptor:
    """Read a descriptor from the bytes that ``fetch`` returns.

    Raises DescriptorError if the file is missing or damaged.
    """
    try:
        return Descriptor.from_bytes(fetch())
    except FileNotFoundError as error:
        raise DescriptorError("descriptor_missing") from error


def delete(names: Iterable[str]) -> None:
    for name in names:
        private_storage().delete(name)


def delete_with(model: type[models.Model], fields: Sequence[str]) -> None:
    """Delete the private files named in ``fields`` of a row once the row is deleted."""

    def delete_files(instance: models.Model, **_: Any) -> None:
        names = [name for field in fields if (name := getattr(instance, field))]
        transaction.on_commit(lambda: delete(names), robust=True)

    post_delete.connect(delete_files, sender=model, weak=False, dispatch_uid="stylesim_app.files")
