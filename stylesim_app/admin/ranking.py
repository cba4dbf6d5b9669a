"""Similar works as shown in the admin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..collection.adapter import adapter
from ..exceptions import NotIndexed
from ..index.serving import Serving
from ..ranking.options import RankingOptions
from ..ranking.results import RankedAnswer, RankedWork
from ..ranking.similar import find_similar

#: Limit of queries on one page, since each is ranked against the entire collection.
MAX_QUERIES = 10


@dataclass(frozen=True)
class Card:
    """An artwork with its URLs in the admin; ``picture`` is empty if it has none."""

    artwork: Any
    address: str
    picture: str


@dataclass(frozen=True)
class Section:
    """One query: its ranked works, or the reason why there are none."""

    query: Card
    results: list[tuple[Card, RankedWork]]
    answer: RankedAnswer | None = None
    reason: str = ""

    @property
    def formula(self) -> str:
        """The formula of the distances, with the weights in use."""
        if self.answer is None:
            return ""
        weighting = self.answer.weighting
        return _("Distance = %(style)s × style + %(content)s × content; lower is closer.") % {
            "style": f"{weighting.style_weight:.4g}",
            "content": f"{weighting.content_weight:.4g}",
        }


def rank_section(
    artwork: Any,
    options: RankingOptions,
    visible: QuerySet[Any],
    candidates: QuerySet[Any],
    make_card: Callable[[Any], Card],
    serving: Serving | None = None,
) -> Section:
    """Return the ranked works of one query. Raises WeightingError for unusable weights."""
    query = make_card(artwork)
    if not adapter().image(artwork):
        return Section(
            query, [], reason=_("This work has no picture. Add one to find similar works.")
        )
    try:
        answer = find_similar(artwork, options, visible, candidates, serving)
    except NotIndexed as error:
        return Section(query, [], reason=str(error))
    results = [(make_card(result.artwork), result) for result in answer.results]
    return Section(query, results, answer)


def make_title(artworks: list[Any]) -> str:
    """Return the heading of a page of ranked works."""
    if len(artworks) == 1:
        return _("Works similar to %(title)s") % {"title": adapter().title(artworks[0])}
    return _("Similar works for %(count)d selected works") % {"count": len(artworks)}
