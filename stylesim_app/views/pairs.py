"""The closest pairs of the collection: what a request asks for, as a page and as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from ..collection import visibility
from ..collection.adapter import adapter
from ..collection.filters import artwork_filterset
from ..collection.spreadsheets import csv_lines
from ..ranking import pairs
from ..ranking.pair_sources import ARTISTS, DIFFERENT, SAME, Scope, artist_path

ARTIST_LABELS = {
    SAME: _("Both by the same artist"),
    DIFFERENT: _("By different artists"),
}


class PairsForm(forms.Form):
    """The lane of the pairs, and the condition on their artists; each may be absent."""

    lane = forms.ChoiceField(required=False, label=_("Comparison"))
    artists = forms.ChoiceField(
        required=False,
        label=_("Artists"),
        choices=[("", _("Any")), *((name, ARTIST_LABELS[name]) for name in ARTISTS)],
    )

    def __init__(self, query: QueryDict) -> None:
        super().__init__(query)
        field: Any = self.fields["lane"]
        field.choices = [(lane.name, lane.label) for lane in pairs.pair_lanes()]
        if artist_path() is None:
            del self.fields["artists"]

    def clean_lane(self) -> str:
        return str(self.cleaned_data["lane"]) or pairs.DEFAULT_LANE


@dataclass(frozen=True)
class LaneTab:
    """A lane that lists pairs, and the query of its link, which keeps the filters."""

    label: Any
    query_string: str
    current: bool


class PairsQuery:
    """The pairs that a request asks for, among the works that its caller may see.

    A pair is listed if one of its works passes the filters.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.query = request.GET
        self.form = PairsForm(request.GET)
        self.visible = visibility.visible_artworks(request)
        self.filters = artwork_filterset()(request.GET, queryset=self.visible)
        self.filters.form.fields.pop("ordering", None)

    @property
    def filtered(self) -> bool:
        """Return whether a filter has a value."""
        return any(self.query.get(name) for name in self.filters.form.fields)

    @cached_property
    def lane(self) -> str:
        """The lane that is asked for, or the first if there is no such lane."""
        return str(self.form.cleaned_data["lane"]) if self.form.is_valid() else pairs.DEFAULT_LANE

    def is_valid(self) -> bool:
        """Return whether the pairs can be listed."""
        return bool(self.form.is_valid() and self.filters.form.is_valid())

    def scope(self) -> Scope:
        """Return the works of a valid query."""
        return Scope(
            visible=self.visible,
            matching=self.filters.filter_queryset(self.visible) if self.filtered else None,
            artists=self.form.cleaned_data.get("artists", ""),
        )

    def page(self) -> pairs.PairsPage | None:
        """Return the page that is asked for; None for an invalid query. Raises InvalidCursor."""
        if not self.is_valid():
            return None
        return pairs.list_pairs(self.lane, self.scope(), cursor=self.query.get("cursor", ""))

    def context(self) -> dict[str, Any]:
        """Return what the page shows, in the app's pages and in the admin."""
        page = self.page()
        return {
            "form": self.form,
            "filters": self.filters.form,
            "filtered": self.filtered,
            "filters_used": sum(
                bool(self.query.get(name)) for name in self.filters.form.fields if name != "q"
            ),
            "lane": self.lane,
            "lanes": [self._tab(lane) for lane in pairs.pair_lanes()],
            "page": page,
            "first_page": self.first_page(),
            "export": self._query_string(format="csv"),
            "previous": self._query_string(cursor=page.previous) if page else "",
            "next": self._query_string(cursor=page.next) if page else "",
        }

    def first_page(self) -> str:
        """Return the query of the first page."""
        return self._query_string()

    def table(self) -> HttpResponseBase:
        """Return the pairs as a CSV file. Raises Http404 for an invalid query."""
        if not self.is_valid():
            raise Http404
        response = StreamingHttpResponse(
            csv_lines(_rows(self.lane, self.scope(), self.request)),
            content_type="text/csv; charset=utf-8",
        )
        response["Content-Disposition"] = f'attachment; filename="pairs-{self.lane}.csv"'
        return response

    def _tab(self, lane: Any) -> LaneTab:
        return LaneTab(lane.label, self._query_string(lane=lane.name), lane.name == self.lane)

    def _query_string(self, **changed: str | None) -> str:
        """Return the query with some values changed, from the beginning of the list."""
        query = self.query.copy()
        query.pop("cursor", None)
        for name, value in changed.items():
            query[name] = value or ""
        return query.urlencode()


@require_safe
def closest_pairs(request: HttpRequest) -> HttpResponseBase:
    """Show the closest pairs of the collection to staff, or return them as a CSV file."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not visibility.may(request.user, "view"):
        raise PermissionDenied
    return answer(request, "stylesim_app/pairs.html", {})


def answer(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    make_card: Callable[[Any], Any] | None = None,
) -> HttpResponseBase:
    """Return the pairs as the page of a template, or as a CSV file.

    With ``make_card``, the context has ``cards`` of each pair.
    """
    query = PairsQuery(request)
    if request.GET.get("format") == "csv":
        return query.table()
    try:
        context = query.context() | context
    except pairs.InvalidCursor:
        # The link is older than the key that signed it, or was cut off.
        return HttpResponseRedirect(f"?{query.first_page()}")
    page = context["page"]
    if make_card is not None and page is not None:
        context["cards"] = [
            (pair, make_card(pair.first), make_card(pair.second)) for pair in page.pairs
        ]
    response: HttpResponse = render(request, template, context)
    return response


def _rows(lane: str, scope: Scope, request: HttpRequest) -> Iterator[list[Any]]:
    facts = [fact for fact in ("artist", "year", "accession_number") if adapter().field(fact)]
    names = ["id", "title", *facts, "url"]
    yield [
        *(f"{name}_1" for name in names),
        *(f"{name}_2" for name in names),
        *("same_file", "matching_points", "distance", "closer_than"),
    ]
    for pair in pairs.every_pair(lane, scope):
        yield [
            *_cells(pair.first, facts, request),
            *_cells(pair.second, facts, request),
            "yes" if pair.same_file else "",
            pair.inliers,
            pair.distance,
            pair.closer_than,
        ]


def _cells(artwork: Any, facts: list[str], request: HttpRequest) -> list[Any]:
    try:
        url = request.build_absolute_uri(adapter().url(artwork))
    except NoReverseMatch:
        url = ""
    values = (adapter().value(artwork, fact) for fact in facts)
    return [
        str(artwork.pk),
        adapter().title(artwork),
        *("" if value is None else str(value) for value in values),
        url,
    ]
