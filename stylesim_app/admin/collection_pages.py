"""Pages of several works in the admin: the table of many queries, and the closest pairs."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _

from ..collection import visibility
from ..collection.spreadsheets import csv_lines
from ..ranking import lanes
from ..ranking.many_vectors import vector_lanes
from ..ranking.measure import Measure
from ..ranking.same_picture import SamePictureLane
from ..views.pairs import answer as answer_pairs
from .addresses import AddressesMixin, join_keys
from .many import MAX_ROWS, csv_rows, make_table
from .ranking import make_title


class CollectionPagesMixin(AddressesMixin):
    """The table of many queries and the closest pairs, in the admin of an artwork model."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("similar/table/", wrap(self.table_view), name=self._url_name("similar_table")),
            path("pairs/", wrap(self.pairs_view), name=self._url_name("pairs")),
            *super().get_urls(),
        ]

    def table_view(self, request: HttpRequest) -> HttpResponseBase:
        """Show the best matches of many works in a table, or return them as CSV."""
        artworks = self._read_chosen(request, MAX_ROWS)
        visible = visibility.visible_artworks(request)
        others = {each.name: each for each in vector_lanes()}
        lane = others.get(request.GET.get("lane", ""))
        if request.GET.get("format") == "csv":
            lines = "".join(csv_lines(csv_rows(artworks, visible, lane)))
            response = HttpResponse(lines, content_type="text/csv; charset=utf-8")
            response["Content-Disposition"] = 'attachment; filename="similar.csv"'
            return response
        keys = [artwork.pk for artwork in artworks]
        context = {
            **self.admin_site.each_context(request),
            "title": make_title(artworks),
            "opts": self.opts,
            "media": self.media,
            "lanes": [lanes.get(SamePictureLane.name), lanes.get(Measure.name)],
            "rows": make_table(
                artworks,
                visible,
                self._make_card,
                lambda artwork: self._similar_address([artwork.pk]),
                lane,
            ),
            "ids": join_keys(keys),
            "others": others.values(),
            "chosen": lane,
            "export": self._similar_address(
                keys, "similar_table", format="csv", **({"lane": lane.name} if lane else {})
            ),
        }
        return TemplateResponse(request, "admin/stylesim_app/similar_table.html", context)

    def pairs_view(self, request: HttpRequest) -> HttpResponseBase:
        """Show the closest pairs of the collection."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Closest pairs"),
            "opts": self.opts,
            "media": self.media,
        }
        request.current_app = self.admin_site.name
        return answer_pairs(request, "admin/stylesim_app/pairs.html", context, self._make_card)
