"""The private storage, alias ``stylesim``: descriptors, calibrations, searched images."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from .core.descriptors import Descriptor
from .core.errors import DescriptorError

STORAGE_ALIAS = "stylesim"


def private_storage() -> Storage:
    return storages[STORAGE_ALIAS]


def write(folder: str, ending: str, content: bytes) -> str:
    """Store bytes under a name never used before, and return it."""
    name = uuid.uuid4().hex
    return private_storage().save(f"{folder}/{name[:2]}/{name}.{ending}", ContentFile(content))


def read(name: str) -> bytes:
    with private_storage().open(name, "rb") as file:
        content: bytes = file.read()
    return content


def exists(name: str) -> bool:
    return private_storage().exists(name)


def read_descriptor(name: str) -> Descriptor:
    """Raises DescriptorError if the file is missing or damaged."""
    return parse_descriptor(partial(read, name))


def parse_descriptor(fetch: Callable[[], bytes]) -> Descriptor:
    """As ``read_descriptor``, of bytes that are fetched in another way."""
    try:
        return Descriptor.from_bytes(fetch())
    except FileNotFoundError as error:
        raise DescriptorError("descriptor_missing") from error


def delete(names: Iterable[str]) -> None:
    for name in names:
        private_storage().delete(name)
