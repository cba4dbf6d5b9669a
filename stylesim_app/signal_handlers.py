"""Signal handlers that notify the workers when an artwork is saved or deleted."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from . import files
from .collection.adapter import adapter
from .collection.swapping import get_artwork_model
from .conf import conf
from .index import neighbours, search_keys
from .models import Calibration, CompactIndex, RemovedPicture, StoredDescriptor, VectorIndex
from .work import known_files, queue, removed, tombstones, worklist


def connect() -> None:
    """Connect the handlers to the artwork model in use, and to the rows that own private files."""
    uid = "stylesim_app"
    artwork_model = get_artwork_model()
    # A proxy model sends signals as itself.
    for model in (each for each in apps.get_models() if issubclass(each, artwork_model)):
        pre_save.connect(note_before, sender=model, dispatch_uid=uid)
        post_save.connect(artwork_saved, sender=model, dispatch_uid=uid)
        pre_delete.connect(note_shown, sender=model, dispatch_uid=uid)
        post_delete.connect(artwork_deleted, sender=model, dispatch_uid=uid)
    pre_delete.connect(descriptor_deleted, sender=StoredDescriptor, dispatch_uid=uid)
    files.delete_with(StoredDescriptor, ("file_name",))
    files.delete_with(Calibration, ("file_name",))
    files.delete_with(CompactIndex, ("bases_name",))
    files.delete_with(VectorIndex, ("fitted_name",))
    files.delete_with(RemovedPicture, ("kept_name",))


def note_before(
    instance: models.Model, raw: bool, update_fields: Any = None, **options: Any
) -> None:
    """Note what is known only before a save: who sees the artwork, the previous file, and the
    bytes of a new one."""
    if raw:
        return
    noted = instance.__dict__
    noted["_stylesim_shown"] = not instance._state.adding and tombstones.is_shown(instance)
    if not _saves_picture(update_fields):
        return
    image = adapter().image(instance)
    noted["_stylesim_new_file"] = is_new = bool(image) and not getattr(image, "_committed", True)
    noted["_stylesim_sha256"] = known_files.digest(image.file) if is_new else ""
    noted["_stylesim_old_name"] = _stored_name(instance, options.get("using"))


def artwork_saved(instance: models.Model, raw: bool, update_fields: Any = None, **_: Any) -> None:
    """Write the keys by which the artwork is found, remove its previous picture, and queue it.

    Nothing is done for fixtures. Bulk imports queue nothing, since they would flood the queue.
    """
    new_file = instance.__dict__.pop("_stylesim_new_file", False)
    sha256 = instance.__dict__.pop("_stylesim_sha256", "")
    old_name = instance.__dict__.pop("_stylesim_old_name", "")
    was_shown = instance.__dict__.pop("_stylesim_shown", False)
    if raw:
        return
    if was_shown and not tombstones.is_shown(instance):
        tombstones.write(instance, is_gone=False, was_public=True)
    # In the transaction of the save, so that a search never sees one without the other.
    search_keys.refresh_of(instance.pk)
    if not _saves_picture(update_fields):
        return
    image = adapter().image(instance)
    pk, name = instance.pk, str(image.name or "")
    if old_name and old_name != name:
        removed.remove(instance, old_name)
    if not image or queue.is_quiet():
        return
    transaction.on_commit(lambda: worklist.queue_artwork(pk, name, new_file, sha256), robust=True)


def note_shown(instance: models.Model, **_: Any) -> None:
    """Note who sees an artwork before it is deleted."""
    noted = instance.__dict__
    noted["_stylesim_kept"] = tombstones.is_kept(instance)
    noted["_stylesim_shown"] = tombstones.is_shown(instance)


def artwork_deleted(instance: models.Model, **_: Any) -> None:
    """Write a tombstone, and remove the thumbnails, and the picture if one of this app's models
    owns it."""
    was_kept = instance.__dict__.pop("_stylesim_kept", False)
    was_shown = instance.__dict__.pop("_stylesim_shown", False)
    if was_kept or was_shown:
        tombstones.write(instance, is_gone=was_kept, was_public=was_shown)
    image = adapter().image(instance)
    if image:
        keep = getattr(instance, "trashed_at", None) is None
        removed.remove(instance, str(image.name), keep=keep)


def _saves_picture(update_fields: Any) -> bool:
    return update_fields is None or conf.artwork_image_field in update_fields


def _stored_name(instance: models.Model, using: str | None) -> str:
    """Return the name of the file that the row has in the database; empty for a new row."""
    if instance._state.adding:
        return ""
    rows = type(instance)._base_manager.using(using).filter(pk=instance.pk)
    return str(rows.values_list(conf.artwork_image_field, flat=True).first() or "")


def descriptor_deleted(instance: StoredDescriptor, **_: Any) -> None:
    """Mark the lists of neighbours that will lack a descriptor."""
    neighbours.tear(instance)
