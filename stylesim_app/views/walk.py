"""The works before and after one in the list that a reader came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from ..collection import keyset
from ..collection.filters import artwork_filterset
from ..collection.visibility import visible_artworks

#: Carries the query of the gallery in the addresses of its works.
PARAMETER = "from"
MAX_QUERY = 2000


@dataclass(frozen=True)
class Walk:
    """The neighbours of a work in the gallery's order; ``listed`` is the query of the gallery."""

    listed: str
    previous: Any | None
    following: Any | None


def walk(request: HttpRequest, shown: Any) -> Walk:
    """Return the neighbours of a work in the list that the request names.

    In a list that does not have the work, or in none, they are those in the default order.
    """
    visible = visible_artworks(request)
    listed = request.GET.get(PARAMETER, "")
    if listed and len(listed) <= MAX_QUERY:
        filters = artwork_filterset()(QueryDict(listed), queryset=visible)
        found = _neighbours(filters.qs, shown) if filters.is_valid() else None
        if found is not None:
            return Walk(listed, *found)
    return Walk("", *(_neighbours(visible, shown) or (None, None)))


def listed_query(query: QueryDict) -> str:
    """Return the filters and the order of the gallery, without the page."""
    kept = query.copy()
    kept.pop("page", None)
    for name in [name for name, values in kept.lists() if not any(values)]:
        del kept[name]
    text = kept.urlencode()
    return text if len(text) <= MAX_QUERY else ""


def _neighbours(works: QuerySet[Any], shown: Any) -> tuple[Any | None, Any | None] | None:
    """Return the works before and after one; None if the list does not have it."""
    terms = keyset.terms_of(works)
    if terms is None:
        return None
    here = keyset.ordered(works, terms, backwards=False).filter(pk=shown.pk).first()
    if here is None:
        return None
    values = keyset.position_of(here, terms)

    def beyond(*, backwards: bool) -> Any | None:
        ordered = keyset.ordered(works, terms, backwards=backwards)
        try:
            return keyset.after(ordered, terms, values, backwards=backwards).first()
        except (ValueError, ValidationError):
            return None

    return beyond(backwards=True), beyond(backwards=False)
