"""The sets that a person may read, and the works in them that this person may see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet

from ..collection import visibility
from ..collection.adapter import FACTS, adapter
from ..models import Selection, SelectionItem

#: Characters of a key or a token.
MAX_REFERENCE = 64
MAX_KEY = 200
_REFERENCE = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_REFERENCE}}}")
#: Digits of a key; a token is longer.
_KEY_DIGITS = 18


def readable(user: Any) -> QuerySet[Selection]:
    """Return the sets of a person; for staff, also those that others share."""
    if not user.is_authenticated:
        return Selection.objects.none()
    own = Q(owner=user)
    if visibility.may(user, "view"):
        own |= Q(share_token__isnull=False)
    return Selection.objects.filter(own).select_related("owner")


def find(reference: str, user: Any) -> Selection | None:
    """Return the set of a key that a person may read, or of the token of a link."""
    if not _REFERENCE.fullmatch(reference):
        return None
    if reference.isdigit() and len(reference) <= _KEY_DIGITS:
        return readable(user).filter(pk=int(reference)).first()
    return Selection.objects.filter(share_token=reference).select_related("owner").first()


def limit_to(candidates: QuerySet[Any], selection: Selection | None) -> QuerySet[Any]:
    """Return the candidates that are in a set, or all of them if there is none."""
    if selection is None:
        return candidates
    return candidates.filter(pk__in=selection.items.order_by().values("artwork"))


def shown_items(selection: Selection, visible: QuerySet[Any]) -> QuerySet[SelectionItem]:
    """Return the items of a set whose works are visible, in its order."""
    facts = [f"artwork__{name}" for fact in FACTS if (name := _relation(fact)) is not None]
    items = selection.items.filter(artwork__in=visible.order_by().values("pk"))
    return items.select_related("artwork", "artwork__stylesim_entry", *facts)


def with_counts(selections: QuerySet[Selection], visible: QuerySet[Any]) -> QuerySet[Selection]:
    """Return sets with the number of their visible works, ``works``."""
    shown = Q(items__artwork__in=visible.order_by().values("pk"))
    # A query that counts has no default order.
    return selections.annotate(works=Count("items", filter=shown)).order_by("-modified", "-pk")


def read_key(text: str) -> Any:
    """Return the key of an artwork, or None for a text that is none."""
    if len(text) > MAX_KEY or "\0" in text:
        return None
    try:
        return adapter().model._meta.pk.clean(text, None)
    except ValidationError:
        return None


def keys_of_visible(texts: Sequence[str], visible: QuerySet[Any]) -> list[Any]:
    """Return the keys of the visible works among those written, in their order."""
    keys = [key for text in dict.fromkeys(texts) if (key := read_key(text)) is not None]
    found = set(visible.order_by().filter(pk__in=keys).values_list("pk", flat=True))
    return [key for key in keys if key in found]


def _relation(fact: str) -> str | None:
    name = adapter().field(fact)
    if name is None or not adapter().model._meta.get_field(name).is_relation:
        return None
    return name
