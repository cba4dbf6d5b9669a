"""Signal handlers that notify the workers when an artwork is saved or deleted."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from . import files
from .collection import thumbnails
from .collection.adapter import adapter
from .collection.swapping import get_artwork_model
from .index import neighbours, search_keys
from .models import AbstractArtwork, Calibration, CompactIndex, StoredDescriptor, VectorIndex
from .work import queue, worklist


def connect() -> None:
    """Connect the handlers to the artwork model in use, and to the rows that own private files."""
    uid = "stylesim_app"
    artwork_model = get_artwork_model()
    # A proxy model sends signals as itself.
    for model in (each for each in apps.get_models() if issubclass(each, artwork_model)):
        pre_save.connect(note_new_file, sender=model, dispatch_uid=uid)
        post_save.connect(artwork_saved, sender=model, dispatch_uid=uid)
        post_delete.connect(artwork_deleted, sender=model, dispatch_uid=uid)
    pre_delete.connect(descriptor_deleted, sender=StoredDescriptor, dispatch_uid=uid)
    files.delete_with(StoredDescriptor, ("file_name",))
    files.delete_with(Calibration, ("file_name",))
    files.delete_with(CompactIndex, ("bases_name",))
    files.delete_with(VectorIndex, ("fitted_name",))


def note_new_file(instance: models.Model, **_: Any) -> None:
    """Remember that a file was assigned: once it is stored it looks like any other."""
    image = adapter().image(instance)
    instance.__dict__["_stylesim_new_file"] = bool(image) and not getattr(image, "_committed", True)


def artwork_saved(instance: models.Model, raw: bool, **_: Any) -> None:
    """Write the keys by which the artwork is found, and queue its picture.

    Artworks of fixtures and bulk imports are not queued, which would flood the queue.
    """
    new_file = instance.__dict__.pop("_stylesim_new_file", False)
    image = adapter().image(instance)
    if not raw:
        # In the transaction of the save, so that a search never sees one without the other.
        search_keys.refresh_of(instance.pk)
    if raw or not image or queue.is_quiet():
        return
    pk, name = instance.pk, str(image.name)
    transaction.on_commit(lambda: worklist.queue_artwork(pk, name, new_file), robust=True)


def artwork_deleted(instance: models.Model, **_: Any) -> None:
    """Delete the thumbnails, and the picture if one of this app's models owns it."""
    image = adapter().image(instance)
    if image:
        model, name = type(instance), str(image.name)
        # A host's own model is responsible for its files.
        original = isinstance(instance, AbstractArtwork)
        transaction.on_commit(
            lambda: thumbnails.delete_pictures(model, name, original=original), robust=True
        )


def descriptor_deleted(instance: StoredDescriptor, **_: Any) -> None:
    """Mark the lists of neighbours that will lack a descriptor."""
    neighbours.tear(instance)
