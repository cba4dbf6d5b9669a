"""The texts and years by which an artwork is found and put in order, the same on all databases."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db.models import F, Func, Model, QuerySet, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import MD5, Cast, Coalesce

from .adapter import adapter
from .folding import KEY_LENGTH, fold, natural_key

#: Facts that a search reads.
TEXT_FACTS = ("title", "artist", "year", "medium", "accession_number", "collection", "exhibition")
#: Facts that have a filter of their own.
FILTERED_FACTS = ("artist", "medium", "collection", "exhibition")
#: The relation from an artwork to its row of keys.
RELATION = "stylesim_keys"
#: Raised when keys are made in another way, so that all of them are made again.
VERSION = 2

_BETWEEN = "\x1f"


def text_fields() -> list[str]:
    """Return the text fields that the artwork model in use has."""
    return [field for fact in TEXT_FACTS if (field := adapter().text_field(fact)) is not None]


def make_keys(artwork: Model) -> dict[str, Any]:
    """Return the keys of an artwork, by the names of the fields that keep them."""
    facts = {fact: _text(artwork, fact) for fact in TEXT_FACTS}
    ends = [year for year in adapter().years(artwork) or () if year is not None]
    return {
        "text": "\n".join(fold(text) for text in facts.values() if text),
        **{fact: fold(facts[fact]) for fact in FILTERED_FACTS},
        "accession_number": accession_key(facts["accession_number"]),
        "title_key": _order_key(facts["title"]),
        "artist_key": _order_key(facts["artist"]),
        "year": adapter().year(artwork),
        "earliest": min(ends, default=None),
        "latest": max(ends, default=None),
    }


def accession_key(text: str) -> str:
    """Return an accession number as a search compares it, no longer than a database can index."""
    return fold(text)[:KEY_LENGTH]


def with_source(artworks: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate artworks with ``stylesim_source``, which changes with what their keys are made of.

    It sees the fields of the model itself, and so changes that send no signal.
    """
    names = [*text_fields(), *filter(None, [adapter().field("year_number")])]
    parts: list[Combinable] = [Cast(Value(f"{VERSION} {_adapter_name()}"), TextField())]
    for name in names:
        text = Coalesce(Cast(F(name), TextField()), Value(""), output_field=TextField())
        parts += [Cast(Value(_BETWEEN), TextField()), text]
    source = MD5(_Joined(*parts, output_field=TextField()))
    annotated: QuerySet[Any] = artworks.annotate(stylesim_source=source)
    return annotated


class _Joined(Func):
    """Texts one after another; ``Concat`` nests, deeper than SQLite reads."""

    template = "(%(expressions)s)"
    arg_joiner = " || "


def _adapter_name() -> str:
    kind = type(adapter())
    path = f"{kind.__module__}.{kind.__qualname__}"
    return hashlib.sha256(path.encode()).hexdigest()[:8]


def _text(artwork: Model, fact: str) -> str:
    if adapter().text_field(fact) is None:
        return ""
    value = adapter().value(artwork, fact)
    return "" if value is None else str(value)


def _order_key(text: str) -> bytes | None:
    """Return bytes, which every database compares alike; None for an empty text, which is last."""
    return natural_key(text).encode() or None
