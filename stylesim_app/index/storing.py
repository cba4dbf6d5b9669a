"""Storage of extracted descriptors: the file first, then the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from django.db import IntegrityError, transaction
from django.utils import timezone

from .. import files
from ..collection import thumbnails
from ..collection.adapter import adapter
from ..core.descriptors import Descriptor
from ..core.embedding import Vectors
from ..core.images import Picture
from ..models import DescriptorSet, IndexEntry, StoredDescriptor, StoredFeatures
from ..signals import artwork_indexed, send_on_commit
from . import compact_index, same_picture, sets, vectors


@dataclass(frozen=True, eq=False)
class Described:
    """The descriptor of a picture, and its vectors by embedding, as a worker computed them."""

    descriptor: Descriptor
    vectors: Mapping[str, Vectors] = field(default_factory=dict)


def store(entry: IndexEntry, picture: Picture, described: Described) -> None:
    """Write the descriptor, then the rows; drop the result of an outdated request.

    Raises StorageUnavailable.
    """
    descriptor = described.descriptor
    descriptor_set = sets.open_set(descriptor.provenance)
    content = descriptor.to_bytes(picture.sha256)
    name = files.write("descriptors", "safetensors", content)
    rounded = replace(described, descriptor=Descriptor.from_bytes(content))
    with files.kept_if_used([name]) as kept:
        try:
            with transaction.atomic():
                stored = _replace_descriptor(entry, picture, rounded, descriptor_set, name)
        except IntegrityError:
            # The artwork was deleted meanwhile.
            stored = False
        if stored:
            kept.clear()
    if stored:
        thumbnails.keep(entry.artwork, picture.thumbnails)
    sets.switch_when_complete(descriptor_set)


def _replace_descriptor(
    entry: IndexEntry,
    picture: Picture,
    described: Described,
    descriptor_set: DescriptorSet,
    name: str,
) -> bool:
    # Sets before the entry, the order in which deleting an artwork locks them.
    kept = {each.pk for each in sets.lock_all() if not each.retired}
    if descriptor_set.pk not in kept:
        return False
    cut_box = list(picture.surroundings.box) if picture.surroundings.kind else None
    finished = entry.finish(
        image_name=adapter().image(entry.artwork).name,
        image_sha256=picture.sha256,
        image_width=picture.facts.width,
        image_height=picture.facts.height,
        cut_kind=picture.surroundings.kind,
        cut_box=cut_box,
        notes=list(picture.facts.notes),
        indexed_at=timezone.now(),
    )
    if not finished:
        return False
    outdated = StoredDescriptor.objects.filter(entry=entry)
    if entry.image_sha256 not in ("", picture.sha256):
        # The file was replaced under its own name, where its time may not show it.
        thumbnails.delete_thumbnails_on_commit(adapter().image(entry.artwork))
    if cut_box != entry.cut_box:
        StoredFeatures.objects.filter(entry=entry).delete()
    if picture.sha256 == entry.image_sha256:
        outdated = outdated.filter(descriptor_set=descriptor_set)
    outdated.delete()
    stored = StoredDescriptor.objects.create(
        entry=entry, descriptor_set=descriptor_set, file_name=name
    )
    if not descriptor_set.serving and sets.is_unranked(entry):
        # No ranking contains it until its set is complete.
        IndexEntry.objects.filter(pk=entry.pk).update(state=IndexEntry.State.STALE)
    compact_index.add_to_stores(stored, described.descriptor)
    vectors.add(stored, described.descriptor, described.vectors)
    same_picture.replace_features(entry, picture)
    send_on_commit(artwork_indexed, type(entry.artwork), artwork=entry.artwork)
    return True
