"""The private storage, alias ``stylesim``: descriptors, calibrations, searched images."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from functools import partial

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.utils.translation import gettext as _

from ..core.descriptors import Descriptor
from ..core.errors import DescriptorError
from ..exceptions import StorageMissing
from ..models import Calibration, WorkItem

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


def require_storage() -> None:
    """Raise StorageMissing if nothing is where descriptors were stored.

    So that what cannot be read for the moment is not taken for damaged, and dropped.
    """
    latest = Calibration.objects.filter(ready=True).last()
    if latest is not None and not exists(latest.file_name):
        raise StorageMissing(
            WorkItem.State.FAILED,
            _(
                "The storage “%(alias)s” lacks what the last calibration wrote: is it mounted? "
                "If its files are lost for good, stylesim_index --all describes all works again."
            )
            % {"alias": STORAGE_ALIAS},
        )


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
