"""Changes to the sets that people keep."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from ..exceptions import StylesimError
from ..models import Selection, SelectionItem

#: Works in one set, and sets of one person.
MAX_WORKS = 10_000
MAX_SETS = 1_000
#: Random bytes of a link: it cannot be guessed.
TOKEN_BYTES = 24
_BATCH = 500


class SelectionFull(StylesimError):
    """More works in a set, or more sets of a person, than are kept."""


def create(owner: Any, name: str, note: str = "", keys: Sequence[Any] = ()) -> Selection:
    """Return a new set with artworks in this order. Raises SelectionFull."""
    with transaction.atomic():
        if Selection.objects.filter(owner=owner).count() >= MAX_SETS:
            raise SelectionFull(
                ngettext(
                    "You can keep %(most)d set. Delete one that you no longer need.",
                    "You can keep %(most)d sets. Delete one that you no longer need.",
                    MAX_SETS,
                )
                % {"most": MAX_SETS}
            )
        selection = Selection.objects.create(owner=owner, name=name, note=note)
        add(selection, keys)
    return selection


def add(selection: Selection, keys: Sequence[Any]) -> int:
    """Add artworks to the end of a set; return how many were not in it. Raises SelectionFull."""
    with transaction.atomic():
        rows = _lock(selection)
        known = set(rows.values_list("artwork", flat=True))
        new = [key for key in dict.fromkeys(keys) if key not in known]
        if len(known) + len(new) > MAX_WORKS:
            raise SelectionFull(too_many_works())
        last = rows.aggregate(last=Max("position"))["last"] or 0
        SelectionItem.objects.bulk_create(
            (
                SelectionItem(selection=selection, artwork_id=key, position=position)
                for position, key in enumerate(new, start=last + 1)
            ),
            batch_size=_BATCH,
        )
        if new:
            _touch(selection)
    return len(new)


def remove(selection: Selection, keys: Collection[Any]) -> int:
    """Remove artworks from a set; return how many were in it."""
    with transaction.atomic():
        removed, _each = _lock(selection).filter(artwork__in=keys).delete()
        if removed:
            _touch(selection)
    return removed


def replace(selection: Selection, keys: Sequence[Any], visible: QuerySet[Any]) -> None:
    """Let a set have these artworks in this order, and those that its owner may not see after
    them. Raises SelectionFull."""
    with transaction.atomic():
        rows = _lock(selection)
        rows.filter(artwork__in=visible.order_by().values("pk")).exclude(artwork__in=keys).delete()
        add(selection, keys)
        items = {item.artwork_id: item for item in rows.order_by("position", "pk")}
        first = [items.pop(key) for key in dict.fromkeys(keys)]
        _number([*first, *items.values()], range(1, len(first) + len(items) + 1))
        _touch(selection)


def move(selection: Selection, key: Any, steps: int, visible: QuerySet[Any]) -> bool:
    """Move an artwork by some places among the visible ones; return whether it was found."""
    with transaction.atomic():
        shown = _lock(selection).filter(artwork__in=visible.order_by().values("pk"))
        items = list(shown.order_by("position", "pk"))
        at = next((index for index, item in enumerate(items) if item.artwork_id == key), None)
        if at is None:
            return False
        places = [item.position for item in items]
        items.insert(min(max(at + steps, 0), len(items) - 1), items.pop(at))
        _number(items, places)
        _touch(selection)
    return True


def share(selection: Selection) -> str:
    """Return the token of the link to a set, which is made where there is none."""
    if selection.share_token is None:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        Selection.objects.filter(pk=selection.pk, share_token=None).update(share_token=token)
        selection.refresh_from_db(fields=["share_token"])
    return str(selection.share_token)


def revoke(selection: Selection) -> None:
    """End the link to a set for good: sharing it again makes another."""
    Selection.objects.filter(pk=selection.pk).update(share_token=None)
    selection.share_token = None


def too_many_works() -> str:
    """Return the words for a set that has more than MAX_WORKS."""
    words = ngettext("A set can have %(most)d work.", "A set can have %(most)d works.", MAX_WORKS)
    return words % {"most": MAX_WORKS}


def _lock(selection: Selection) -> QuerySet[SelectionItem]:
    """Lock a set to the end of the transaction, and return its items."""
    Selection.objects.select_for_update().filter(pk=selection.pk).first()
    return SelectionItem.objects.filter(selection=selection)


def _touch(selection: Selection) -> None:
    selection.modified = timezone.now()
    Selection.objects.filter(pk=selection.pk).update(modified=selection.modified)


def _number(items: Sequence[SelectionItem], places: Sequence[int]) -> None:
    """Give items these places, in their order."""
    changed = []
    for item, place in zip(items, places, strict=True):
        if item.position != place:
            item.position = place
            changed.append(item)
    SelectionItem.objects.bulk_update(changed, ["position"], batch_size=_BATCH)
