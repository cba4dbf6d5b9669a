"""The interface of the stores: what keeps compact descriptors, and bounds distances by them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from ..core.compression import CompactDescriptor, Compressor
from ..core.descriptors import Descriptor
from ..core.distances import Weighting
from ..core.ranking import Shortlist
from ..models import CompactIndex, StoredDescriptor


class Candidate(NamedTuple):
    """A described work: the keys of its rows, and the file of its exact descriptor."""

    stored: int
    artwork: Any
    entry: int
    file_name: str

    @staticmethod
    def columns(prefix: str = "") -> list[str]:
        """Return what to select, in the order of the fields, from where ``prefix`` leads."""
        return [f"{prefix}{name}" for name in ("pk", "entry__artwork", "entry_id", "file_name")]


@dataclass(frozen=True, eq=False)
class Reachable:
    """Works whose list of neighbours a query may enter, the likeliest first.

    ``lower`` ``(n,)`` bounds the distance to each; beyond ``reaches`` ``(n,)`` nothing enters the
    list of each.
    """

    candidates: list[Candidate]
    lower: NDArray[np.float64]
    reaches: NDArray[np.float64]


class Store(ABC):
    """Bounds distances to the descriptors of one set.

    If it is not ``bounded`` it rules nothing out, so that every exact descriptor is to be read.
    """

    bounded: ClassVar[bool] = True

    def prepare(self) -> None:  # noqa: B027
        """Prepare to add the descriptors of a collection; called again whenever that goes on."""

    @abstractmethod
    def add(self, descriptors: Mapping[int, Descriptor]) -> None:
        """Keep what bounds need, by the key of the stored descriptor; in a transaction."""

    @abstractmethod
    def lacking(self, stored: QuerySet[StoredDescriptor]) -> QuerySet[StoredDescriptor]:
        """Return those of the stored descriptors that were not added yet."""

    @abstractmethod
    def shortlists(
        self,
        queries: Sequence[Descriptor],
        weighting: Weighting,
        candidates: QuerySet[StoredDescriptor],
        size: int,
    ) -> list[Shortlist[Candidate]]:
        """Return, for each query, at least the ``size`` candidates of least estimate, and as many
        of least lower bound; in the order of their artworks' keys."""

    @abstractmethod
    def reachable(
        self, query: Descriptor, weighting: Weighting, owners: QuerySet[StoredDescriptor]
    ) -> Reachable:
        """Return the owners to whom the query may be no farther than their ``list_reach``."""


class CompactStore(Store):
    """A store that keeps the compact descriptors of an index.

    Searches raise CompactIndex.DoesNotExist once another index has taken its place.
    Descriptors are compressed as they are stored: rounding them later would break the bounds.
    """

    def __init__(self, index: CompactIndex, compressor: Compressor) -> None:
        self.index = index
        self.compressor = compressor

    def add(self, descriptors: Mapping[int, Descriptor]) -> None:
        self.add_compact(
            {stored: self.compressor.compress(each) for stored, each in descriptors.items()}
        )

    @abstractmethod
    def add_compact(self, compacts: Mapping[int, CompactDescriptor]) -> None:
        """Add descriptors that are compressed already."""
