"""The works before and after one in the list that a reader came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from ..collection import keyset
from ..collection.filters import artwork_filterset
from ..collection.visibility import visible_artworks
from ..models import Selection
from ..selections import finding
from .within import WITHIN, Within

#: Carries the query of the gallery in the addresses of its works.
PARAMETER = "from"
MAX_QUERY = 2000


@dataclass(frozen=True)
class Walk:
    """The neighbours of a work in a list, and the address of the list.

    ``query_string`` goes with the links to the neighbours. The list is a set, the gallery as the
    reader has ``filtered`` and ordered it, or all works.
    """

    previous: Any | None
    following: Any | None
    address: str
    query_string: str = ""
    selection: Selection | None = None
    filtered: bool = False


def walk(request: HttpRequest, shown: Any, within: Within) -> Walk:
    """Return the neighbours of a work in the set or the list that the request names.

    In a list that does not have the work, or in none, they are those in the default order.
    """
    visible = visible_artworks(request)
    return (
        _in_set(within, visible, shown)
        or _in_list(request.GET.get(PARAMETER, ""), visible, shown)
        or Walk(*(_neighbours(visible, shown) or (None, None)), reverse("stylesim:gallery"))
    )


def _in_set(within: Within, visible: QuerySet[Any], shown: Any) -> Walk | None:
    if within.selection is None:
        return None
    items = finding.shown_items(within.selection, visible)
    here = items.filter(artwork=shown).first()
    found = None if here is None else _neighbours(items, here)
    if found is None:
        return None
    previous, following = (each and each.artwork for each in found)
    address = reverse("stylesim:set", args=[within.reference])
    query_string = urlencode({WITHIN: within.reference})
    return Walk(previous, following, address, query_string, within.selection)


def _in_list(listed: str, visible: QuerySet[Any], shown: Any) -> Walk | None:
    if not listed or len(listed) > MAX_QUERY:
        return None
    filters = artwork_filterset()(QueryDict(listed), queryset=visible)
    found = _neighbours(filters.qs, shown) if filters.is_valid() else None
    if found is None:
        return None
    address = f"{reverse('stylesim:gallery')}?{listed}"
    return Walk(*found, address, urlencode({PARAMETER: listed}), filtered=True)


def listed_query(query: QueryDict) -> str:
    """Return the filters and the order of the gallery, without the page."""
    kept = query.copy()
    kept.pop("page", None)
    for name in [name for name, values in kept.lists() if not any(values)]:
        del kept[name]
    text = kept.urlencode()
    return text if len(text) <= MAX_QUERY else ""


def _neighbours(rows: QuerySet[Any], shown: Model) -> tuple[Any | None, Any | None] | None:
    """Return the rows before and after one; None if the list does not have it."""
    terms = keyset.terms_of(rows)
    if terms is None:
        return None
    here = keyset.ordered(rows, terms, backwards=False).filter(pk=shown.pk).first()
    if here is None:
        return None
    values = keyset.position_of(here, terms)

    def beyond(*, backwards: bool) -> Any | None:
        ordered = keyset.ordered(rows, terms, backwards=backwards)
        try:
            return keyset.after(ordered, terms, values, backwards=backwards).first()
        except (ValueError, ValidationError):
            return None

    return beyond(backwards=True), beyond(backwards=False)
