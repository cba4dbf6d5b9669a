"""What the catalogue knows of an artwork, whatever model a host uses: only fields that exist."""

from __future__ import annotations

import math
from typing import Any

from django.db.models import Field
from django.utils.formats import number_format

from ..conf import conf
from .swapping import get_artwork_model, has_field

#: Descriptive fields that are shown, filtered and edited where the model has them.
FACT_FIELDS = (
    "artist",
    "year",
    "medium",
    "dimensions",
    "accession_number",
    "collection",
    "exhibition",
    "rights",
)
EDITABLE_FIELDS = ("title", *FACT_FIELDS, "year_number", "is_public", "extra")


def title_of(artwork: Any) -> str:
    """The title, or what the model calls itself."""
    return str(getattr(artwork, "title", "") or artwork)


def facts_of(artwork: Any) -> list[tuple[str, str]]:
    """``(label, value)`` of the descriptive fields that have a value, ``extra`` last."""
    facts = [
        (label_of(name), str(value))
        for name in FACT_FIELDS
        if has_field(name) and (value := getattr(artwork, name)) not in (None, "")
    ]
    extra = getattr(artwork, "extra", None)
    if isinstance(extra, dict):
        facts += [(_as_label(str(name)), str(value)) for name, value in extra.items()]
    return facts


def label_of(name: str) -> str:
    """The name of a field in the reader's language, capitalised."""
    field = get_artwork_model()._meta.get_field(name)
    label = str(field.verbose_name) if isinstance(field, Field) else name
    return _as_label(label)


def editable_fields() -> list[str]:
    """Fields of the model in use that forms and API may write: those that are known here, and
    those of the host's own that cannot be left out; the image last."""
    image = conf.artwork_image_field
    known = [name for name in EDITABLE_FIELDS if has_field(name)]
    required = [
        field.name
        for field in get_artwork_model()._meta.fields
        if field.editable and not (field.blank or field.has_default() or field.primary_key)
    ]
    own = [name for name in required if name not in (*known, image)]
    return [*known, *own, image]


def share(percent: float) -> str:
    """A percentage with one decimal, rounded down, so that 100 is said of all only."""
    return number_format(math.floor(percent * 10) / 10, decimal_pos=1)


def _as_label(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
