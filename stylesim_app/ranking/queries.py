"""Queries: an artwork, a searched image, or a file, with their descriptors and vectors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from .. import files
from ..collection.adapter import adapter
from ..collection.filters import same_artist
from ..core.descriptors import Descriptor
from ..core.embedding import Vectors
from ..core.errors import DescriptorError
from ..core.images import Picture
from ..exceptions import NotIndexed
from ..index import repair, vectors
from ..index.embeddings import Embedding
from ..index.serving import Serving
from ..index.storing import Described
from ..messages import localize
from ..models import (
    DescriptorSet,
    ImageSearch,
    IndexEntry,
    StoredDescriptor,
    VectorIndex,
    WorkItem,
)
from ..work import kinds, pipeline
from .options import RankingOptions


class Query(Protocol):
    """A picture that works are compared with; ``shown`` stands in the answer."""

    @property
    def shown(self) -> Any: ...

    @property
    def artwork(self) -> Any | None:
        """The artwork, which is no candidate itself."""

    def descriptor(self, serving: Serving) -> Descriptor:
        """Return its exact descriptor. Raises NotIndexed."""

    def vectors(self, embedding: Embedding, index: VectorIndex, serving: Serving) -> Vectors | None:
        """Return its vectors, as in an index; None if it has none. Raises NotIndexed."""


@dataclass(frozen=True)
class ArtworkQuery:
    artwork: Any

    @property
    def shown(self) -> Any:
        return self.artwork

    def descriptor(self, serving: Serving) -> Descriptor:
        return read_stored(find_stored(self.artwork, serving.descriptor_set))

    def vectors(self, embedding: Embedding, index: VectorIndex, serving: Serving) -> Vectors | None:
        stored = find_stored(self.artwork, serving.descriptor_set)
        return vectors.open_store(index).read([stored.pk]).get(stored.pk)


@dataclass(frozen=True)
class SearchQuery:
    search: ImageSearch
    artwork: None = None

    @property
    def shown(self) -> ImageSearch:
        return self.search

    def descriptor(self, serving: Serving) -> Descriptor:
        return read_searched(self.search, serving)

    def vectors(self, embedding: Embedding, index: VectorIndex, serving: Serving) -> Vectors | None:
        if embedding.fitted is not None:
            return vectors.fitted_to(index, embedding).describe(self.descriptor(serving))
        require_searched(self.search, serving)
        numbers = self.search.vectors.get(embedding.digest)
        return None if numbers is None else Vectors.of_picture(np.array(numbers, np.float32))


@dataclass(frozen=True)
class FileQuery:
    """A file that is not stored; it is decoded and described once."""

    path: Path
    artwork: None = None

    @property
    def shown(self) -> str:
        return self.path.name

    @cached_property
    def picture(self) -> Picture:
        """The decoded file. Raises ImageError, OSError."""
        return pipeline.read_file(self.path)

    @cached_property
    def described(self) -> Described:
        """The result of a worker for this file, rounded as it is stored.

        So the same image gives the same results as a search. Raises WeightsError as well.
        """
        described = kinds.describe_artworks([self.picture])[0]
        rounded = Descriptor.from_bytes(described.descriptor.to_bytes())
        return Described(rounded, described.vectors)

    def descriptor(self, serving: Serving) -> Descriptor:
        require_same_network(self.described.descriptor, serving)
        return self.described.descriptor

    def vectors(self, embedding: Embedding, index: VectorIndex, serving: Serving) -> Vectors | None:
        if embedding.fitted is not None:
            return vectors.fitted_to(index, embedding).describe(self.descriptor(serving))
        return self.described.vectors.get(embedding.name)


def others(artwork: Any, candidates: QuerySet[Any], options: RankingOptions) -> QuerySet[Any]:
    """Return the candidates without the artwork itself and, by option, those of its artist."""
    candidates = candidates.exclude(pk=artwork.pk)
    artist = adapter().value(artwork, "artist")
    if options.exclude_same_artist and artist:
        if adapter().text_field("artist") is None:
            # A relation: the artist is a row of another table.
            return candidates.exclude(**{str(adapter().field("artist")): artist})
        candidates = candidates.exclude(same_artist(str(artist)))
    return candidates


def ranks_earlier_file(artwork: Any) -> bool:
    """Return whether what is indexed of an artwork is a file that was replaced since."""
    described = IndexEntry.objects.filter(artwork=artwork, indexed_at__isnull=False)
    name = described.values_list("image_name", flat=True).first()
    return name is not None and name != str(adapter().image(artwork).name)


def find_stored(artwork: Any, descriptor_set: DescriptorSet | None) -> StoredDescriptor:
    """Return the stored descriptor of an artwork in a set. Raises NotIndexed if there is none."""
    entry = IndexEntry.objects.filter(artwork=artwork).first()
    stored = (
        StoredDescriptor.objects.filter(entry=entry, descriptor_set=descriptor_set).first()
        if entry is not None and descriptor_set is not None
        else None
    )
    if stored is None:
        if not adapter().image(artwork):
            raise NotIndexed(WorkItem.State.FAILED, _("This work has no picture."))
        state = entry.state if entry is not None else WorkItem.State.PENDING
        reason = entry.reason if entry is not None else ""
        raise NotIndexed(
            state, reason or _("This work is waiting to be indexed. Please try again in a moment.")
        )
    return stored


def read_stored(stored: StoredDescriptor) -> Descriptor:
    """Read a descriptor. Raises NotIndexed, and marks it as suspected, if the file is damaged."""
    try:
        return files.read_descriptor(stored.file_name)
    except DescriptorError as error:
        repair.suspect([(stored.pk, error)])
        raise NotIndexed(WorkItem.State.FAILED, localize(error)) from error


def require_searched(search: ImageSearch, serving: Serving) -> None:
    """Raise NotIndexed if a search is pending, has failed, or was indexed by a network that no
    longer serves."""
    if search.state != WorkItem.State.INDEXED:
        reason = search.reason or _(
            "This image is waiting to be processed. Please try again in a moment."
        )
        raise NotIndexed(search.state, reason)
    descriptor_set = serving.descriptor_set
    if descriptor_set is None or search.descriptor_set_id != descriptor_set.pk:
        raise network_changed()


def read_searched(search: ImageSearch, serving: Serving) -> Descriptor:
    """Read the descriptor of a search. Raises NotIndexed."""
    require_searched(search, serving)
    try:
        return files.read_descriptor(search.descriptor_name)
    except DescriptorError as error:
        raise NotIndexed(WorkItem.State.FAILED, localize(error)) from error


def require_same_network(descriptor: Descriptor, serving: Serving) -> None:
    """Raise NotIndexed if the collection was indexed by another network."""
    descriptor_set = serving.descriptor_set
    if descriptor_set is not None and descriptor_set.digest != descriptor.provenance.digest:
        raise NotIndexed(
            WorkItem.State.STALE,
            _(
                "The collection was indexed with a different network. Update it first: "
                "stylesim_index --stale."
            ),
        )


def network_changed() -> NotIndexed:
    return NotIndexed(
        WorkItem.State.STALE,
        _("The network has changed since this search. Please search again."),
    )
