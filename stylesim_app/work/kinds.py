"""The kinds of work: artworks, and others that are registered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .. import files
from ..collection.adapter import adapter
from ..collection.thumbnails import SIZES
from ..conf import conf
from ..core.boxes import Box
from ..core.images import Picture
from ..core.same_picture.detail import WORK, Detail
from ..index import embeddings, storing
from ..index.storing import Described
from ..models import IndexEntry, WorkItem
from . import pipeline
from .pipeline import ImageFile


@dataclass(frozen=True)
class WorkKind:
    """One kind of work: a model of the work list, and how a worker processes its rows.

    Kinds of lower ``priority`` are claimed first, up to ``batch_size()`` rows under one lease.
    ``locate(row)`` returns the file of a row, or None if there is nothing left to do.
    ``compute(pictures)`` returns one result for each decoded picture; it runs in a thread without a
    database. ``store(row, picture, result)`` writes the result and calls ``row.finish()``. The
    private files named in the fields ``files`` are deleted with their row. Pictures have local
    features in ``detail``, or none, and thumbnails of ``sides``. A kind that is ``urgent`` goes on
    while indexing is paused.

    An ImageError fails a row for good; after a CoreError or OSError, it is retried.
    """

    model: type[WorkItem]
    priority: int
    batch_size: Callable[[], int]
    locate: Callable[[Any], ImageFile | None]
    compute: Callable[[Sequence[Picture]], Sequence[Any]]
    store: Callable[[Any, Picture, Any], None]
    files: tuple[str, ...] = ()
    detail: Detail | None = None
    urgent: bool = False
    sides: tuple[int, ...] = ()


_registered: list[WorkKind] = []


def register(kind: WorkKind) -> None:
    """Add a kind of work, from ``AppConfig.ready``; registering a model again replaces its kind."""
    _registered[:] = [each for each in _registered if each.model is not kind.model]
    _registered.append(kind)
    _registered.sort(key=lambda each: each.priority)
    files.delete_with(kind.model, kind.files)


def registered() -> tuple[WorkKind, ...]:
    """Return all kinds, the most urgent first."""
    return tuple(_registered)


def describe(pictures: Sequence[Picture]) -> Sequence[Any]:
    """Return the descriptors of pictures, for kinds that compare them with artworks."""
    return pipeline.describe(pictures)


def describe_artworks(pictures: Sequence[Picture]) -> list[Described]:
    """Return the descriptors of pictures, and the vectors that lanes compute from pictures."""
    vectors = {
        embedding.name: embedding.embed(pictures)
        for embedding in embeddings.registered()
        if embedding.embed is not None
    }
    return [
        Described(descriptor, {name: each[index] for name, each in vectors.items()})
        for index, descriptor in enumerate(pipeline.describe(pictures))
    ]


def _locate_artwork(entry: IndexEntry) -> ImageFile | None:
    """Return the file of an artwork; delete the entry of an artwork without a picture."""
    image = adapter().image(entry.artwork)
    if not image:
        entry.delete()
        return None
    if entry.chosen_box is None:
        return image.storage, str(image.name)
    return image.storage, str(image.name), Box(*entry.chosen_box)


ARTWORKS = WorkKind(
    model=IndexEntry,
    priority=20,
    batch_size=lambda: conf.batch_size,
    locate=_locate_artwork,
    compute=describe_artworks,
    store=storing.store,
    detail=WORK,
    sides=tuple(SIZES.values()),
)
