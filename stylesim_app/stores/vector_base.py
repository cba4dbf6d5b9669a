"""The interface of the vector stores: what keeps vectors, and finds those nearest by cosine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from ..core.boxes import Box
from ..core.embedding import Vectors
from ..models import StoredDescriptor, VectorIndex


@dataclass(frozen=True)
class NearestWork:
    """A work near to a query: its keys, its distance, and the box of its nearest vector."""

    stored: int
    artwork: Any
    distance: float
    box: Box | None


class VectorStore(ABC):
    """Keeps the vectors of an index, rounded to float16, and searches all of them.

    Searches raise VectorIndex.DoesNotExist once another index has taken its place.
    """

    def __init__(self, index: VectorIndex) -> None:
        self.index = index

    @abstractmethod
    def add(self, vectors: Mapping[int, Vectors]) -> None:
        """Keep the vectors of works by the key of the stored descriptor; in a transaction."""

    @abstractmethod
    def lacking(self, stored: QuerySet[StoredDescriptor]) -> QuerySet[StoredDescriptor]:
        """Return those of the stored descriptors whose vectors were not added yet."""

    @abstractmethod
    def read(self, stored: Collection[int]) -> dict[int, Vectors]:
        """Return the vectors of works by the key of the stored descriptor, as they are kept."""

    @abstractmethod
    def nearest(
        self,
        query: NDArray[np.float32],
        candidates: QuerySet[StoredDescriptor],
        limit: int,
    ) -> list[NearestWork]:
        """Return the ``limit`` candidates of least distance to a query ``(d,)``, nearest first.

        The distance of a work is one minus the largest product of the query and one of its
        vectors. Equal distances keep the order of the artworks' keys.
        """
