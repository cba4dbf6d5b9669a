"""Facets: the values that the shown artworks have, with the number of artworks that each shows.

The database counts. The counts of one facet obey all filters but its own, so that they are those
of what would be shown if the value were chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import django_filters
from django.db.models import Case, Count, F, Max, Min, QuerySet, When
from django.http import QueryDict

from .adapter import adapter
from .filters import MAX_VALUE_TEXT, values_parameter
from .folding import fold
from .keys import FILTERED_FACTS, RELATION

#: Centuries at most.
MAX_PERIODS = 30
YEARS = ("year_from", "year_to")
CENTURY, DECADE = 100, 10


@dataclass(frozen=True)
class Value:
    """A value in its most frequent spelling, and the number of artworks that have it."""

    text: str
    count: int
    chosen: bool = False


@dataclass(frozen=True)
class Facet:
    """The values of a fact, the most frequent first; ``more`` if there are others."""

    fact: str
    label: str
    parameter: str
    values: tuple[Value, ...]
    more: bool

    @property
    def chosen(self) -> tuple[Value, ...]:
        """The values that are chosen."""
        return tuple(value for value in self.values if value.chosen)


@dataclass(frozen=True)
class Period:
    """A century or decade, and the number of artworks whose years overlap it."""

    first: int
    last: int
    count: int
    chosen: bool = False


@dataclass(frozen=True)
class Facets:
    """The facets of a list of artworks."""

    facets: tuple[Facet, ...]
    centuries: tuple[Period, ...]
    decades: tuple[Period, ...]


def find_facets(
    kind: type[django_filters.FilterSet],
    data: QueryDict,
    visible: QuerySet[Any],
    limit: int,
    limits: Mapping[str, int] | None = None,
) -> Facets:
    """Return the facets of the visible artworks that valid filters show, up to ``limit`` values.

    ``data`` holds the parameters of the filters, and ``limits`` other limits by fact.
    """

    def shown(*without: str) -> QuerySet[Any]:
        kept = data.copy()
        for name in without:
            kept.pop(name, None)
        found = kind(kept, queryset=visible).qs
        # What the hook joins must not count an artwork twice.
        every: QuerySet[Any] = adapter().model._base_manager.all()
        return every.filter(pk__in=found.order_by().values("pk"))

    def of(fact: str) -> int:
        return (limits or {}).get(fact, limit)

    # As the filters read them: a number may be written in several ways.
    asked = kind(data, queryset=visible).form
    asked.full_clean()
    values: dict[str, Any] = asked.cleaned_data
    facets = tuple(
        _facet(fact, shown(values_parameter(fact)), values[values_parameter(fact)], of(fact))
        for fact in FILTERED_FACTS
        if adapter().text_field(fact) is not None
    )
    if not adapter().has_years():
        return Facets(facets, (), ())
    chosen = (values["year_from"], values["year_to"])
    dated = shown(*YEARS).filter(**{f"{RELATION}__earliest__isnull": False})
    return Facets(facets, _centuries(dated, chosen), _decades(dated, chosen))


def _facet(fact: str, artworks: QuerySet[Any], asked: Sequence[str], limit: int) -> Facet:
    chosen = list(dict.fromkeys(filter(None, map(fold, asked))))
    key, field = f"{RELATION}__{fact}", str(adapter().text_field(fact))
    counted = (
        artworks.exclude(**{key: ""})
        .order_by()
        .values_list(key)
        .annotate(count=Count("pk"), least=Min(field), greatest=Max(field))
    )
    rows = list(counted.order_by("-count", key)[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    others = set(chosen) - {row[0] for row in rows}
    if others:
        rows += counted.filter(**{f"{key}__in": others}).order_by("-count", key)
    written = _spellings(artworks, key, field, [row[0] for row in rows if row[2] != row[3]])
    values = [
        Value(written.get(row[0], str(row[2])), row[1], row[0] in chosen)
        for row in rows
        if len(str(row[2])) <= MAX_VALUE_TEXT
    ]
    # What is chosen can be removed, also where nothing has it any more.
    spelled = {fold(text): text for text in asked}
    values += [
        Value(spelled[each], 0, chosen=True)
        for each in chosen
        if each not in {row[0] for row in rows}
    ]
    label = adapter().label(fact)
    return Facet(fact, label, values_parameter(fact), tuple(values), more)


def _spellings(
    artworks: QuerySet[Any], key: str, field: str, keys: Sequence[str]
) -> dict[str, str]:
    """Return the most frequent spelling of the values that are written in several ways."""
    if not keys:
        return {}
    counted = (
        artworks.filter(**{f"{key}__in": keys})
        .order_by()
        .values_list(key, field)
        .annotate(count=Count("pk"))
    )
    # Among equals a capital comes first; databases would not agree on their order.
    by_number = sorted(counted, key=lambda row: (-row[2], str(row[1])))
    return {folded: str(text) for folded, text, _count in reversed(by_number)}


def _centuries(
    artworks: QuerySet[Any], chosen: tuple[int | None, int | None]
) -> tuple[Period, ...]:
    """Return the centuries with the most artworks, in their order; the 19th ends with 1900."""
    spans = _spans(artworks, _century("earliest"), _century("latest"))
    counts = list(_overlaps(spans))
    most = sorted(counts, key=lambda each: -each[1])[:MAX_PERIODS]
    return tuple(
        _choose(Period(*_century_ends(index), count), chosen) for index, count in sorted(most)
    )


def _decades(artworks: QuerySet[Any], chosen: tuple[int | None, int | None]) -> tuple[Period, ...]:
    """Return the decades of the century that was chosen, or in which the chosen decade lies."""
    first, last = chosen
    if first is None or last is None or first < 1 or not 0 <= last - first < CENTURY:
        return ()
    begin, end = _century_ends(((first + last) // 2 - 1) // CENTURY)
    begin, end = begin // DECADE, end // DECADE
    overlapping = {
        f"{RELATION}__latest__gte": begin * DECADE,
        f"{RELATION}__earliest__lt": (end + 1) * DECADE,
    }
    ends = [F(f"{RELATION}__{name}") / DECADE for name in ("earliest", "latest")]
    spans = [
        (max(low, begin), min(high, end), count)
        for low, high, count in _spans(artworks.filter(**overlapping), *ends)
    ]
    periods = (
        Period(index * DECADE, index * DECADE + DECADE - 1, count)
        for index, count in _overlaps(spans)
    )
    return tuple(_choose(period, chosen) for period in periods)


def _choose(period: Period, chosen: tuple[int | None, int | None]) -> Period:
    return replace(period, chosen=chosen == (period.first, period.last))


def _spans(artworks: QuerySet[Any], low: Any, high: Any) -> Iterable[tuple[int, int, int]]:
    """Return the number of artworks by the indices of their first and last period."""
    spans: Iterable[tuple[int, int, int]] = (
        artworks.order_by()
        .annotate(stylesim_low=low, stylesim_high=high)
        .values_list("stylesim_low", "stylesim_high")
        .annotate(count=Count("pk"))
    )
    return spans


def _overlaps(spans: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Yield index and number of each period that artworks overlap, in order."""
    changes: dict[int, int] = {}
    for low, high, count in spans:
        changes[low] = changes.get(low, 0) + count
        changes[high + 1] = changes.get(high + 1, 0) - count
    running = 0
    # After the last change nothing runs on.
    for index, following in pairwise(sorted(changes)):
        running += changes[index]
        if running:
            yield from ((each, running) for each in range(index, following))


def _century(end: str) -> Case:
    """Return the index of a century: 0 for the years 1 to 100, -1 for 100 to 1 BC.

    Databases divide integers towards zero.
    """
    year = f"{RELATION}__{end}"
    return Case(
        When(**{f"{year}__gt": 0}, then=(F(year) - 1) / CENTURY),
        default=(F(year) + 1) / CENTURY - 1,
    )


def _century_ends(index: int) -> tuple[int, int]:
    begin = index * CENTURY
    return (begin + 1, begin + CENTURY) if index >= 0 else (begin, begin + CENTURY - 1)
