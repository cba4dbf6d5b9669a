"""Facets on the gallery page: links that choose a value, or remove it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from ..collection.adapter import adapter
from ..collection.facets import CENTURY, YEARS, Facet, Period, find_facets
from ..collection.filters import artwork_filterset, values_parameter
from ..collection.folding import fold
from ..collection.keys import FILTERED_FACTS

#: Values of a facet, and those of one that a person wants to see more of.
SHORT, LONG = 8, 100
#: The parameter that names the latter.
MORE = "more"


@dataclass(frozen=True)
class Link:
    """A value with its number of works, and the query that chooses it, or removes it if chosen.

    ``inner`` marks a decade, which stands below its century.
    """

    text: str
    count: int
    chosen: bool
    query_string: str
    inner: bool = False


@dataclass(frozen=True)
class Group:
    """The links of one facet, and the query that shows more of them, or fewer."""

    name: str
    label: str
    links: tuple[Link, ...]
    more: str | None = None
    fewer: str | None = None


@dataclass(frozen=True)
class Active:
    """A filter in use, and the query without it."""

    label: str
    text: str
    query_string: str


def facets_of(request: HttpRequest, filters: Any, visible: QuerySet[Any]) -> dict[str, Any]:
    """Return what ``includes/facets.html`` shows for valid filters."""
    query = request.GET.copy()
    query.pop("page", None)
    asked = query.get(MORE, "")
    found = find_facets(artwork_filterset(), query, visible, SHORT, {asked: LONG})
    groups = [_group(facet, query) for facet in found.facets]
    if found.centuries:
        label = adapter().label("year") if adapter().field("year") else _("Year")
        periods = [each for century in found.centuries for each in _inside(century, found.decades)]
        links = tuple(_period_link(period, query) for period in periods)
        groups.append(Group("years", label, links))
    return {
        "facet_groups": [group for group in groups if group.links],
        "active_filters": list(_active(query, filters)),
    }


def _inside(century: Period, decades: tuple[Period, ...]) -> list[Period]:
    """Return a century, followed by those of the decades that begin in it."""
    inside = [each for each in decades if century.first - 1 <= each.first < century.last]
    return [century, *inside]


def _group(facet: Facet, query: QueryDict) -> Group:
    links = tuple(
        Link(value.text, value.count, value.chosen, _toggled(query, facet.parameter, value.text))
        for value in facet.values
    )
    is_long = query.get(MORE) == facet.fact
    more = _with(query, MORE, facet.fact) if facet.more and not is_long else None
    return Group(facet.fact, facet.label, links, more, _without(query, MORE) if is_long else None)


def _period_link(period: Period, query: QueryDict) -> Link:
    changed = query.copy()
    for name, year in zip(YEARS, (period.first, period.last), strict=True):
        changed[name] = str(year)
    if period.chosen:
        for name in YEARS:
            del changed[name]
    text = years_in_words(period.first, period.last)
    inner = period.last - period.first < CENTURY - 1
    return Link(text, period.count, period.chosen, changed.urlencode(), inner)


def years_in_words(first: int | None, last: int | None) -> str:
    """Return a range of years, of which one end may be open; years before Christ are negative."""
    if first is None or last is None:
        known = _year_in_words(last if first is None else first)
        return (_("until %(year)s") if first is None else _("from %(year)s")) % {"year": known}
    if first < 0 and last < 0:
        return _("%(first)d–%(last)d BC") % {"first": -first, "last": -last}
    return f"{_year_in_words(first)}–{_year_in_words(last)}"


def _year_in_words(year: int | None) -> str:
    return _("%(year)d BC") % {"year": -year} if year is not None and year < 0 else str(year)


def _active(query: QueryDict, filters: Any) -> Iterator[Active]:
    values = filters.form.cleaned_data
    for fact in FILTERED_FACTS:
        for text in values.get(values_parameter(fact)) or ():
            without = _toggled(query, values_parameter(fact), text)
            yield Active(adapter().label(fact), text, without)
    for name, field in filters.form.fields.items():
        written = name not in ("q", "ordering", *YEARS) and not field.widget.is_hidden
        if written and values.get(name):
            yield Active(str(field.label), str(values[name]), _without(query, name))
    ends = [values.get(name) for name in YEARS]
    if any(end is not None for end in ends):
        yield Active(_("Years"), years_in_words(*ends), _without(query, *YEARS))


def _toggled(query: QueryDict, name: str, text: str) -> str:
    """Return the query with a value of a parameter, or without it if it is there."""
    changed = query.copy()
    values = changed.getlist(name)
    others = [value for value in values if fold(value) != fold(text)]
    changed.setlist(name, others if len(others) < len(values) else [*values, text])
    return changed.urlencode()


def _with(query: QueryDict, name: str, value: str) -> str:
    changed = query.copy()
    changed[name] = value
    return changed.urlencode()


def _without(query: QueryDict, *names: str) -> str:
    changed = query.copy()
    for name in names:
        changed.pop(name, None)
    return changed.urlencode()
