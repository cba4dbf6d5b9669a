"""The template tag that shows similar works in any page of the host."""

from __future__ import annotations

from typing import Any

from django import template

from ..views import embedding

register = template.Library()

LEVELS = range(1, 7)
DEFAULT_LEVEL = 2
_COUNT = "_stylesim_embeds"


@register.inclusion_tag("stylesim_app/embed/similar_works.html", takes_context=True)
def similar_works(
    context: template.Context,
    artwork: Any,
    lane: str = "",
    limit: int = 6,
    preset: str = "",
    heading: str | None = None,
    level: int = DEFAULT_LEVEL,
    size: str = "medium",
) -> dict[str, Any]:
    """Show the works similar to an artwork, or to that of a key, which the reader may see.

    An empty ``heading`` leaves it out, and ``level`` is its place in the page, 1 to 6.
    """
    request = context.get("request")
    found = embedding.similar_works(
        request, artwork, lane=lane, preset=preset, limit=limit, size=size
    )
    return {
        "embedded": found,
        "heading": heading,
        "level": level if level in LEVELS else DEFAULT_LEVEL,
        "number": _next_number(request),
    }


def _next_number(request: Any) -> int:
    """Return a number that no other list in the page of this request has."""
    number = getattr(request, _COUNT, 0) + 1
    if request is not None:
        setattr(request, _COUNT, number)
    return number
