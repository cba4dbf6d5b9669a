"""A ranked answer as a table: names of columns, and the values of each result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from ..collection.adapter import adapter
from ..messages import relation_words
from .results import RankedAnswer, RankedWork
from .same_picture import SamePicture, SamePictures
from .shares import parts_of

#: Facts of a work that help to find it again.
FACTS = ("artist", "year", "accession_number")
Table = tuple[list[str], list[list[Any]]]


def table_of(answer: Any, address: Callable[[Any], str]) -> Table:
    """Return the table of an answer of a lane; ``address`` gives the page of a work."""
    results = answer.works if isinstance(answer, SamePictures) else answer.results
    facts = [fact for fact in FACTS if adapter().field(fact) is not None]
    heads = [_("Rank"), _("Title"), *(adapter().label(fact) for fact in facts), _("Address")]
    rows = []
    for result in results:
        work = result.artwork
        values = [adapter().value(work, fact) for fact in facts]
        rows.append([result.rank, adapter().title(work), *values, address(work)])
    names, figures = _figures_of(answer)
    return heads + names, [row + figures(each) for row, each in zip(rows, results, strict=True)]


def _figures_of(answer: Any) -> tuple[list[str], Callable[[Any], list[Any]]]:
    if isinstance(answer, SamePictures):
        return [_("Matching points"), _("How")], _matches
    closer = _("Random pairs farther apart (%)")
    if not isinstance(answer, RankedAnswer):
        return [_("Distance"), closer], lambda result: [
            result.figure,
            _closer_than(answer, result.figure),
        ]
    heads = [_("Distance"), _("Style distance"), _("Content distance")]
    return [*heads, _("Share of style (%)"), _("Share of content (%)"), closer], (
        lambda result: _measured(answer, result)
    )


def _matches(result: SamePicture) -> list[Any]:
    relation = result.relation
    return [None if relation is None else relation.inliers, relation_words(relation)]


def _measured(answer: RankedAnswer, result: RankedWork) -> list[Any]:
    percents = {part.name: part.percent for part in parts_of(answer, result)}
    distances = [result.distance, result.style_distance, result.content_distance]
    shares = [percents.get("style"), percents.get("content")]
    return [*distances, *shares, _closer_than(answer, result.distance)]


def _closer_than(answer: Any, figure: float) -> float | None:
    return None if answer.scale is None else round(answer.scale.closer_than(figure), 3)
