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
from ..ranking.closeness import part
from ..ranking.lanes import Lane
from ..ranking.options import RankingOptions
from ..ranking.results import RankedAnswer
from ..ranking.same_picture import SamePictures
from ..ranking.timing import timed
from ..ranking.vector_lanes import LaneAnswer

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
    """One query: its ranked works in a lane, or the reason why there are none.

    What ``answer`` is, and each result, depends on the lane.
    """

    query: Card
    lane: Lane
    results: list[tuple[Card, Any]]
    answer: Any = None
    reason: str = ""

    @property
    def groups(self) -> list[tuple[str, list[tuple[Card, Any]]]]:
        """The results under headings: first those closer than an ordinary pair, without one."""
        if not isinstance(self.answer, RankedAnswer | LaneAnswer):
            return [("", self.results)]
        count = len(part(self.answer).close)
        close, far = self.results[:count], self.results[count:]
        heading = (
            _("Less alike than an ordinary pair") if close else _("No close works; the nearest are")
        )
        return [(words, group) for words, group in (("", close), (heading, far)) if group]

    @property
    def formula(self) -> str:
        """The meaning of the figures; for the measure, the formula with the weights in use."""
        if self.answer is None:
            return ""
        if not isinstance(self.answer, RankedAnswer):
            return f"{self.lane.meaning} {self.lane.limits}"
        weighting = self.answer.weighting
        return _("Distance = %(style)s × style + %(content)s × content; lower is closer.") % {
            "style": f"{weighting.style_weight:.4g}",
            "content": f"{weighting.content_weight:.4g}",
        }


def rank_section(
    artwork: Any,
    lane: Lane,
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
            query, lane, [], reason=_("This work has no picture. Add one to find similar works.")
        )
    try:
        with timed(lane.name):
            answer = lane.of_artwork(artwork, options, visible, candidates, serving)
    except NotIndexed as error:
        return Section(query, lane, [], reason=str(error))
    found = answer.works if isinstance(answer, SamePictures) else answer.results
    return Section(query, lane, [(make_card(each.artwork), each) for each in found], answer)


def make_title(artworks: list[Any]) -> str:
    """Return the heading of a page of ranked works."""
    if len(artworks) == 1:
        return _("Works similar to %(title)s") % {"title": adapter().title(artworks[0])}
    return _("Similar works for %(count)d selected works") % {"count": len(artworks)}
