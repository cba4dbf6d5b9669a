"""Checks of what is stored: each row against its file, and against the picture that it is of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from easy_thumbnails.models import Thumbnail
from easy_thumbnails.utils import get_storage_hash

from .. import files
from ..collection.adapter import adapter
from ..core.calibration import PairSample
from ..core.compression import Compressor
from ..core.descriptors import LAYERS, Descriptor, read_image_sha256
from ..core.distances import DistanceParts, measure_parts
from ..core.errors import CoreError, DescriptorError
from ..models import (
    Calibration,
    CompactIndex,
    ImageSearch,
    IndexEntry,
    Neighbour,
    StorageFinding,
    StoredDescriptor,
    StoredFeatures,
    VectorIndex,
    WorkItem,
)
from . import embeddings
from .neighbours import LIST_LENGTH, WEIGHTING

Kind = StorageFinding.Kind
#: Rows that are read from the database at once.
CHUNK = 100
#: Relative difference of a listed distance from the exact one that rounding may cause.
TOLERANCE = 1e-3

OTHER_PICTURE = gettext_noop("It belongs to another picture.")
OTHER_NETWORK = gettext_noop("It was made by another network than its record names.")
WRONG_DISTANCE = gettext_noop("A distance differs from the exact one.")
TOO_LONG = gettext_noop("The list is too long, or contains its own work.")
OTHER_FILE = gettext_noop("The picture has changed since it was indexed.")
NO_DESCRIPTOR = gettext_noop("It counts as indexed, but no ranking contains it.")
CHECKSUM = gettext_noop("The checksum has changed since the file was stored.")
NO_FILE = gettext_noop("The file is missing from storage.")


@dataclass(frozen=True)
class Finding:
    """A stored thing that is not as it was written; ``row`` is its row, None for an orphan."""

    kind: str
    place: str
    name: str
    reason: str
    row: Any = None


@dataclass(frozen=True)
class Stage:
    """One kind of stored things, and the check of one row."""

    place: str
    label: Any
    rows: Callable[[], QuerySet[Any]]
    check: Callable[[Any], Finding | None]

    def after(self, key: Any) -> Iterator[Any]:
        """Yield the rows after a key, or all, in the order of their keys."""
        rows = self.rows().order_by("pk")
        while chunk := list((rows if key is None else rows.filter(pk__gt=key))[:CHUNK]):
            yield from chunk
            key = chunk[-1].pk


def _check_entry(entry: IndexEntry) -> Finding | None:
    """Find an entry that counts as indexed, though no ranking contains it."""
    if entry.descriptors.filter(descriptor_set__serving=True).exists():
        return None
    return Finding(Kind.INCOMPLETE, "entries", str(entry.artwork_id), NO_DESCRIPTOR, entry)


def _check_original(entry: IndexEntry) -> Finding | None:
    """Compare the picture of an artwork with the file that was indexed."""
    image = adapter().image(entry.artwork)
    if not image or str(image.name) != entry.image_name:
        return None
    found = partial(Finding, place="originals", name=entry.image_name, row=entry)
    digest = hashlib.sha256()
    try:
        with files.storage_errors(), image.storage.open(str(image.name), "rb") as file:
            for chunk in file.chunks():
                digest.update(chunk)
    except FileNotFoundError:
        return found(Kind.MISSING, reason=NO_FILE)
    if entry.image_sha256 in ("", digest.hexdigest()):
        return None
    return found(Kind.EXCHANGED, reason=OTHER_FILE)


def _check_descriptor(stored: StoredDescriptor) -> Finding | None:
    """Read a descriptor, and compare it with its set and with the file that was described."""
    found = partial(Finding, place="descriptors", name=stored.file_name, row=stored)
    try:
        content = files.read(stored.file_name)
        descriptor = Descriptor.from_bytes(content)
    except FileNotFoundError:
        return found(Kind.MISSING, reason=NO_FILE)
    except DescriptorError as error:
        return found(Kind.DAMAGED, reason=error.words)
    if descriptor.provenance.digest != stored.descriptor_set.digest:
        return found(Kind.EXCHANGED, reason=OTHER_NETWORK)
    described, expected = read_image_sha256(content), stored.entry.image_sha256
    if described and expected and described != expected:
        return found(Kind.EXCHANGED, reason=OTHER_PICTURE)
    return None


def _check_features(stored: StoredFeatures) -> Finding | None:
    from ..core.same_picture.compact import CompactFeatures

    found = partial(Finding, place="features", name=str(stored.pk), row=stored)
    try:
        CompactFeatures.from_bytes(bytes(stored.record))
    except ValueError as error:
        return found(Kind.DAMAGED, reason=str(error))
    expected = stored.entry.image_sha256
    if expected and stored.image_sha256 != expected:
        return found(Kind.EXCHANGED, reason=OTHER_PICTURE)
    return None


def _check_file(
    place: str, field: str, parse: Callable[[Any, bytes], object], row: Any
) -> Finding | None:
    """Read and parse the file that a row names."""
    name = getattr(row, field)
    if not name:
        return None
    try:
        parse(row, files.read(name))
    except FileNotFoundError:
        return Finding(Kind.MISSING, place, name, NO_FILE, row)
    except CoreError as error:
        return Finding(Kind.DAMAGED, place, name, error.words, row)
    return None


def _parse_fitted(index: VectorIndex, content: bytes) -> None:
    kinds = {each.name: each.fitted for each in embeddings.registered()}
    kind = kinds.get(index.embedding)
    if kind is not None:
        kind.from_bytes(content)


def _check_list(owner: StoredDescriptor) -> Finding | None:
    """Check the lines of a list, and measure the farthest again."""
    found = partial(Finding, Kind.DAMAGED, "lists", f"{owner.entry.artwork_id}", row=owner)
    lines = list(Neighbour.objects.filter(owner=owner).select_related("neighbour"))
    if len(lines) > LIST_LENGTH or any(line.neighbour_id == owner.pk for line in lines):
        return found(reason=TOO_LONG)
    for line in lines:
        parts = DistanceParts.stack([([getattr(line, each) for each in LAYERS[:-1]], line.relu5_2)])
        if not np.isclose(parts.distances(WEIGHTING)[0], line.distance, TOLERANCE):
            return found(reason=WRONG_DISTANCE)
    if lines:
        line = max(lines, key=lambda each: each.distance)
        try:
            pair = [files.read_descriptor(each.file_name) for each in (owner, line.neighbour)]
        except DescriptorError:
            # The check of descriptors reports that.
            return None
        layers, content = measure_parts(*pair)
        exact = DistanceParts.stack([(layers, content)]).distances(WEIGHTING)[0]
        if not np.isclose(exact, line.distance, TOLERANCE, 1e-6):
            return found(reason=WRONG_DISTANCE)
    return None


def _check_thumbnail(thumbnail: Any) -> Finding | None:
    found = partial(Finding, place="thumbnails", name=thumbnail.name, row=thumbnail)
    try:
        content = files.read(thumbnail.name)
    except FileNotFoundError:
        return found(Kind.MISSING, reason=NO_FILE)
    return None if files.is_sealed(content) else found(Kind.DAMAGED, reason=CHECKSUM)


def _check_search(search: ImageSearch) -> Finding | None:
    for field in ("image_name", "preview_name", "descriptor_name"):
        finding = _check_file("searches", field, lambda _row, content: content, search)
        if finding is not None:
            return finding
    return None


def _indexed() -> QuerySet[IndexEntry]:
    return IndexEntry.objects.filter(state=WorkItem.State.INDEXED).select_related("artwork")


def _thumbnails() -> QuerySet[Any]:
    of_storage = get_storage_hash(files.private_storage())
    rows: QuerySet[Any] = Thumbnail.objects.filter(storage_hash=of_storage)
    return rows


STAGES = (
    Stage("entries", _("works"), _indexed, _check_entry),
    Stage("originals", _("pictures"), _indexed, _check_original),
    Stage(
        "descriptors",
        _("descriptors"),
        lambda: StoredDescriptor.objects.filter(descriptor_set__retired=False).select_related(
            "entry", "descriptor_set"
        ),
        _check_descriptor,
    ),
    Stage(
        "features",
        _("local features"),
        lambda: StoredFeatures.objects.select_related("entry"),
        _check_features,
    ),
    Stage(
        "calibrations",
        _("calibrations"),
        Calibration.objects.all,
        partial(
            _check_file,
            "calibrations",
            "file_name",
            lambda _row, content: PairSample.from_bytes(content),
        ),
    ),
    Stage(
        "bases",
        _("compact indexes"),
        CompactIndex.objects.all,
        partial(
            _check_file,
            "bases",
            "bases_name",
            lambda _row, content: Compressor.from_bytes(content),
        ),
    ),
    Stage(
        "fits",
        _("vector indexes"),
        VectorIndex.objects.all,
        partial(_check_file, "fits", "fitted_name", _parse_fitted),
    ),
    Stage(
        "lists",
        _("lists of neighbours"),
        lambda: StoredDescriptor.objects.filter(
            descriptor_set__serving=True, list_state=StoredDescriptor.ListState.WHOLE
        ).select_related("entry"),
        _check_list,
    ),
    Stage("thumbnails", _("thumbnails"), _thumbnails, _check_thumbnail),
    Stage("searches", _("image searches"), ImageSearch.objects.all, _check_search),
)


def check(stage: Stage, row: Any) -> Finding | None:
    """Check one row. Raises StorageUnavailable.

    A row that changed meanwhile is read again, for its file may have been replaced.
    """
    finding = stage.check(row)
    if finding is None:
        return None
    again = stage.rows().filter(pk=row.pk).first()
    return None if again is None else stage.check(again)


def record(stage_place: str, finding: Finding) -> None:
    """Note a finding for staff."""
    StorageFinding.objects.update_or_create(
        place=stage_place,
        name=finding.name[:500],
        defaults={"kind": finding.kind, "reason": finding.reason, "found_at": timezone.now()},
    )
