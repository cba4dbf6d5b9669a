"""Accession numbers that more than one work of an import or of the collection has."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from ..collection.adapter import adapter
from ..collection.keys import RELATION, accession_key
from ..collection.swapping import get_artwork_model
from .sources.base import Row


class AccessionNumbers:
    """The accession numbers of an import, as a search compares them.

    Sources are not always right about them, so that a repeated number is reported, and not refused.
    """

    def __init__(self) -> None:
        self._field = adapter().text_field("accession_number")
        self._places: dict[str, str] = {}

    def note(self, row: Row, artwork: Any) -> str:
        """Note the number of a row that was used; return in words who else has it, or nothing.

        ``artwork`` is the key of the artwork of the row, None in a dry run.
        """
        number = row.fields.get(self._field or "", "")
        key = accession_key(number)
        if not key:
            return ""
        place = self._places.setdefault(key, row.place)
        if place != row.place:
            return _("%(place)s has the same accession number, %(number)s.") % {
                "place": place,
                "number": number,
            }
        others = get_artwork_model()._base_manager.filter(**{f"{RELATION}__accession_number": key})
        other = others.exclude(pk=artwork).order_by("pk").values_list("pk", flat=True).first()
        if other is None:
            return ""
        return _("Artwork %(id)s has the same accession number, %(number)s.") % {
            "id": other,
            "number": number,
        }
