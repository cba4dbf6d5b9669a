"""Rankings as CSV files, for the same works and readers as on the pages."""

from __future__ import annotations

import uuid
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..collection.adapter import adapter
from ..collection.spreadsheets import csv_lines
from ..ranking import image_search
from ..ranking.table import table_of
from .ranking import rank, visible_artwork


@require_safe
@never_cache
def of_artwork(request: HttpRequest, pk: str) -> HttpResponse:
    """Return the similar works of an artwork; its page, where there are none to list."""
    shown = visible_artwork(request, pk)
    context = rank(request, lambda lane, *facts: lane.of_artwork(shown, *facts))
    return _respond(request, context, reverse("stylesim:artwork", args=[pk]), pk)


@require_safe
@never_cache
def of_search(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the works similar to a searched image; its page, where there are none to list."""
    found = image_search.find(pk, request.user)
    if found is None:
        return render(request, "stylesim_app/search_gone.html", status=404)
    context = rank(request, lambda lane, *facts: lane.of_search(found, *facts))
    return _respond(request, context, found.get_absolute_url(), "search")


def _respond(request: HttpRequest, context: dict[str, Any], page: str, name: str) -> HttpResponse:
    if context["status"] != "ranked":
        query = request.GET.urlencode()
        return redirect(f"{page}?{query}" if query else page)
    heads, rows = table_of(context["answer"], lambda work: _address(request, work))
    lines = "".join(csv_lines(chain([heads], rows)))
    response = HttpResponse(lines, content_type="text/csv; charset=utf-8")
    file_name = f"similar-{name}-{context['lane'].name}.csv"
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _address(request: HttpRequest, artwork: Any) -> str:
    try:
        return request.build_absolute_uri(adapter().url(artwork))
    except NoReverseMatch:
        return ""
