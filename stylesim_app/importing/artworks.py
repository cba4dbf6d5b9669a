"""The artwork of a row, with the values of its cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField

from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..conf import conf
from .sources.base import Row
from .sources.columns import extra_field

_YES = ("yes", "y", "true", "t", "1")
_NO = ("no", "n", "false", "f", "0")


def new_artwork(row: Row, is_public: bool | None) -> Any:
    """Return an artwork with the row's values, checked, without its picture. Raises
    ValidationError."""
    model = get_artwork_model()
    values: dict[str, Any] = {}
    title, public = adapter().field("title"), adapter().field("is_public")
    if title is not None:
        values[title] = row.title[: model._meta.get_field(title).max_length]
    if is_public is not None and public is not None:
        values[public] = is_public
    if extra := extra_field():
        values[extra] = dict(row.extra)
    artwork = model(**{**values, **_read_cells(row.fields)})
    artwork.full_clean(exclude=[conf.artwork_image_field])
    return artwork


def change(artwork: Any, row: Row) -> bool:
    """Set the row's values on an artwork, checked, and return whether they differ from before.

    Empty cells change nothing. Raises ValidationError.
    """
    values = _read_cells(row.fields)
    if (extra := extra_field()) and row.extra:
        values[extra] = {**(getattr(artwork, extra) or {}), **row.extra}
    before = {name: getattr(artwork, name) for name in values}
    for name, value in values.items():
        setattr(artwork, name, value)
    others = {field.name for field in artwork._meta.fields}.difference(values)
    artwork.full_clean(exclude=others)
    # Cleaned values have the types of the stored ones.
    return any(getattr(artwork, name) != value for name, value in before.items())


def _read_cells(cells: Mapping[str, str]) -> dict[str, Any]:
    model = get_artwork_model()
    return {
        name: _parse_boolean(cell)
        if isinstance(model._meta.get_field(name), BooleanField)
        else cell
        for name, cell in cells.items()
    }


def _parse_boolean(cell: str) -> bool | str:
    """Read yes or no as spreadsheets write it; anything else is left for the field to refuse."""
    text = cell.lower()
    if text in _YES:
        return True
    return False if text in _NO else cell


def reason_in_words(error: ValidationError) -> str:
    """Return what is invalid, by the names of the fields."""
    if not hasattr(error, "message_dict"):
        return " ".join(error.messages)
    return " ".join(
        f"{adapter().label(name)}: {' '.join(messages)}"
        if name != "__all__"
        else " ".join(messages)
        for name, messages in error.message_dict.items()
    )
