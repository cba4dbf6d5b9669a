"""The lanes: ways to compare works, built in or registered.

A lane has a name, a question that it answers, a way to rank, and words for what its figures mean
and what it cannot do. Lanes stand next to each other; their figures are never combined.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.functional import Promise

from ..index import embeddings, near_pairs
from ..index.embeddings import Embedding
from ..index.near_pairs import Comparison
from ..index.serving import Serving
from ..models import ImageSearch
from .options import RankingOptions
from .queries import FileQuery

Text = str | Promise


class Lane(ABC):
    """One way to compare.

    Each method returns an answer: an object with the attributes ``lane``, ``query``, ``results``,
    ``indexed`` and ``visible``. The candidates are a part of the visible works; without a snapshot,
    the lane loads what serves. All raise NotIndexed if there is nothing to compare with yet.
    """

    #: Named in addresses and answers.
    name: ClassVar[str]
    #: The heading of its results, a word or two.
    label: ClassVar[Text]
    #: The question that it answers.
    question: ClassVar[Text]
    #: What its figure means, and what it cannot do.
    meaning: ClassVar[Text]
    limits: ClassVar[Text]
    #: Renders the ``answer`` on pages, and one result in the admin.
    template: ClassVar[str] = "stylesim_app/includes/lane_results.html"
    #: The embeddings whose vectors it compares; workers store these for each artwork.
    embeddings: Sequence[Embedding] = ()
    #: What workers compare all works by, to keep the nearest pairs; None keeps none.
    pairs_by: Comparison | None = None
    #: True if it can search for a part of the query.
    takes_region: ClassVar[bool] = False
    #: The weights that count in it, by the name of their parameters.
    takes_weights: ClassVar[Collection[str]] = ()

    @abstractmethod
    def of_artwork(
        self,
        artwork: Any,
        options: RankingOptions,
        visible: QuerySet[Any],
        candidates: QuerySet[Any],
        serving: Serving | None = None,
    ) -> Any:
        """Rank the candidates by their likeness to an artwork, without the artwork itself."""

    @abstractmethod
    def of_search(
        self,
        search: ImageSearch,
        options: RankingOptions,
        visible: QuerySet[Any],
        candidates: QuerySet[Any],
        serving: Serving | None = None,
    ) -> Any:
        """Rank the candidates by their likeness to a searched image."""

    @abstractmethod
    def of_file(
        self, file: FileQuery, options: RankingOptions, serving: Serving | None = None
    ) -> Any:
        """Rank all works by their likeness to an image file that is not stored."""


_registered: dict[str, Lane] = {}


def register(lane: Lane) -> None:
    """Add a lane, from ``AppConfig.ready``; one of the same name replaces the other."""
    _registered[lane.name] = lane
    for embedding in lane.embeddings:
        embeddings.register(embedding)
    near_pairs.register(lane.name, lane.pairs_by)


def registered() -> tuple[Lane, ...]:
    """Return all lanes, in the order in which they were registered."""
    return tuple(_registered.values())


def get(name: str) -> Lane:
    """Return the lane of that name. Raises KeyError."""
    return _registered[name]
