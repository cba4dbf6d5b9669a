"""Output of the commands on a terminal."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.utils.encoders import JSONEncoder
from tqdm import tqdm

from ..collection.adapter import adapter
from ..messages import relation_words, share
from ..models import IndexEntry
from ..ranking.results import RankedAnswer
from ..ranking.same_picture import SamePictures
from ..ranking.vector_lanes import LaneAnswer

LISTED_FAILURES = 20
_WIDEST_CELL = 48


def progress_bar(total: int, label: str) -> tqdm[Any]:
    """Return a bar on the terminal; nothing where the output is no terminal."""
    return tqdm(total=total, desc=label, disable=None, dynamic_ncols=True)


def failure_lines(failed: QuerySet[IndexEntry]) -> Iterator[str]:
    """Return which works could not be described and why, the first twenty of them."""
    for entry in failed.select_related("artwork").order_by("pk")[:LISTED_FAILURES]:
        yield f"  {entry.artwork_id}  {adapter().title(entry.artwork)}: {entry.reason}"
    more = failed.count() - LISTED_FAILURES
    if more > 0:
        yield "  " + _("and %(count)d more") % {"count": more}


def same_picture_lines(found: SamePictures) -> Iterator[str]:
    """Return the works that show the same picture as a table."""
    if not found.works:
        yield _("No work shows the same picture.")
    else:
        heads = (_("rank"), _("matching points"), _("title"), _("how"))
        rows = [
            (
                str(work.rank),
                "-" if work.relation is None else str(work.relation.inliers),
                adapter().title(work.artwork),
                relation_words(work.relation),
            )
            for work in found.works
        ]
        yield from table_lines(heads, rows, numbers=2)
    yield _("%(compared)d of %(visible)d works were compared.") % {
        "compared": found.compared,
        "visible": found.visible,
    }


def answer_lines(answer: Any) -> Iterator[str]:
    """Return the answer of a lane as a table."""
    if isinstance(answer, RankedAnswer):
        return ranking_lines(answer)
    if isinstance(answer, SamePictures):
        return same_picture_lines(answer)
    return lane_lines(answer)


def lane_lines(answer: LaneAnswer) -> Iterator[str]:
    """Return the answer of a vector lane as a table."""
    if not answer.results:
        yield _("No works are indexed yet. Check progress with stylesim_status.")
        return
    rows = [
        (
            str(result.rank),
            f"{result.figure:.4f}",
            "-" if result.unusual is None else f"1 / {1 / result.unusual:,.0f}",
            adapter().title(result.artwork),
            str(adapter().value(result.artwork, "artist") or ""),
        )
        for result in answer.results
    ]
    heads = (_("rank"), _("distance"), _("pairs as close"), _("title"), _("artist"))
    yield from table_lines(heads, rows, numbers=3)


def ranking_lines(answer: RankedAnswer) -> Iterator[str]:
    """Return a ranked answer as a table."""
    if not answer.results:
        yield _("No works are indexed yet. Check progress with stylesim_status.")
        return
    heads = (_("rank"), _("distance"), _("style"), _("content"), _("closer than"), _("title"))
    with_artist = any(adapter().value(result.artwork, "artist") for result in answer.results)
    rows = [
        (
            str(result.rank),
            f"{result.distance:.4f}",
            f"{result.style_distance:.4f}",
            f"{result.content_distance:.1f}",
            "-" if result.closer_than is None else f"{share(result.closer_than)}%",
            adapter().title(result.artwork),
            *([str(adapter().value(result.artwork, "artist"))] if with_artist else []),
        )
        for result in answer.results
    ]
    yield from table_lines([*heads, *([_("artist")] if with_artist else [])], rows, numbers=5)


def table_lines(
    heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0
) -> Iterator[str]:
    """Return aligned columns, the first ``numbers`` of them to the right; wide characters count
    two."""
    table = [[_clip(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [
            " " * (width - _width(cell)) + cell
            if index < numbers
            else cell + " " * (width - _width(cell))
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """Return the columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "FW")
        for sign in text
    )


def _clip(text: str) -> str:
    text = " ".join(text.split())
    if _width(text) <= _WIDEST_CELL:
        return text
    while _width(text) >= _WIDEST_CELL:
        text = text[:-1]
    return text + "…"


def json_text(answer: Any, *, indent: int | None = 2) -> str:
    """Return what the API answers as text, letters of all scripts as they are."""
    return json.dumps(answer, cls=JSONEncoder, ensure_ascii=False, indent=indent)
