"""The works that show the same picture, on the page of an artwork and in its admin record."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch

from ..collection.visibility import visible_artworks
from ..ranking.measure import Measure
from ..ranking.same_picture import list_same_pictures
from ..templatetags.stylesim import thumbnail_url
from . import places


def add_panels() -> None:
    """Add the panels of the app itself."""
    places.add_artwork_panel(render_panel)
    places.add_admin_panel(render_admin_panel)


def is_shown(request: HttpRequest) -> bool:
    """Return whether the page shows the default lane, which the panel stands above."""
    return request.GET.get("lane", "") in ("", Measure.name)


def render_admin_panel(request: HttpRequest, artwork: Any) -> str:
    """Return the panel with links to the records of the works."""
    return render_panel(request, artwork, in_admin=True)


def render_panel(request: HttpRequest, artwork: Any, *, in_admin: bool = False) -> str:
    """Return the panel of an artwork; empty where no visible work shows the same picture, and
    above the other lanes."""
    if not is_shown(request):
        return ""
    found = list_same_pictures(artwork, visible_artworks(request))
    if found is None or not found.works:
        return ""
    try:
        picture = thumbnail_url(artwork, "medium")
    except NoReverseMatch:
        picture = ""
    context = {"found": found, "picture": picture, "in_admin": in_admin}
    return render_to_string("stylesim_app/includes/same_picture.html", context, request)
