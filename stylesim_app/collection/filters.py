"""Filters of artworks, the same for pages, API and rankings."""

from __future__ import annotations

from functools import cache
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django_filters.fields import BaseCSVField

from .adapter import adapter
from .folding import fold
from .keys import FILTERED_FACTS, RELATION, accession_key, text_fields
from .swapping import get_artwork_model
from .years import FIRST_YEAR, LAST_YEAR

#: Limits of a text to search for.
MAX_TEXT = 200
MAX_WORDS = 10
#: Values of one fact that can be chosen at once, and characters of each.
MAX_VALUES = 20
MAX_VALUE_TEXT = 500
#: Keys in ``ordering``, each once.
MAX_ORDERINGS = 4

#: The column that orders by each key.
_ORDER_COLUMNS = {
    "title": f"{RELATION}__title_key",
    "artist": f"{RELATION}__artist_key",
    "year_number": f"{RELATION}__year",
}


def check_words(text: str) -> None:
    """Raise ValidationError for more words than one search looks for.

    A text that is too long has an error already.
    """
    if len(text) <= MAX_TEXT and len(fold(text).split()) > MAX_WORDS:
        raise ValidationError(
            ngettext_lazy(
                "Enter at most %(limit)d word.", "Enter at most %(limit)d words.", MAX_WORDS
            ),
            code="too_many_words",
            params={"limit": MAX_WORDS},
        )


def search_words(queryset: QuerySet[Any], text: str, relation: str = RELATION) -> QuerySet[Any]:
    """Return the works that contain every word in one of their text fields."""
    found = Q()
    for word in dict.fromkeys(fold(text).split()):
        found &= Q(**{f"{relation}__text__contains": word})
    return queryset.filter(found)


def same_artist(name: str) -> Q:
    """Return the condition of works whose artist has the same name, as a search compares it."""
    exactly = Q(**{str(adapter().text_field("artist")): name})
    folded = fold(name)
    return exactly | Q(**{f"{RELATION}__artist": folded}) if folded else exactly


class WordsFilter(django_filters.CharFilter):  # type: ignore[misc]
    """A filter by words, each of which occurs in one of the text fields."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_TEXT, validators=[check_words], **kwargs)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return search_words(queryset, value) if value else queryset


class PartFilter(django_filters.CharFilter):  # type: ignore[misc]
    """A filter by a part of one text field."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_TEXT, **kwargs)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        part = fold(value or "")
        if not part:
            return queryset
        return queryset.filter(**{f"{RELATION}__{self.field_name}__contains": part})


class AccessionFilter(django_filters.CharFilter):  # type: ignore[misc]
    """A filter by a complete accession number, in any spelling that a search takes for it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_TEXT, **kwargs)

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return queryset
        key = accession_key(value)
        return queryset.filter(**{f"{RELATION}__accession_number": key}) if key else queryset.none()


class ValuesField(forms.Field):
    """A few texts, from a parameter that may be repeated."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[str]:
        values = list(dict.fromkeys(text.strip() for text in value or () if text.strip()))
        if len(values) > MAX_VALUES or any(len(text) > MAX_VALUE_TEXT for text in values):
            raise ValidationError(
                _("Name at most %(limit)d values of at most %(length)d characters each."),
                code="too_many_values",
                params={"limit": MAX_VALUES, "length": MAX_VALUE_TEXT},
            )
        if any("\0" in text for text in values):
            raise ValidationError(_("Null characters are not allowed."), code="null_character")
        return values


class ValuesFilter(django_filters.Filter):  # type: ignore[misc]
    """A filter by complete values of one text field, any of which matches."""

    field_class = ValuesField

    def filter(self, queryset: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        if not value:
            return queryset
        keys = {fold(text) for text in value} - {""}
        return queryset.filter(**{f"{RELATION}__{self.field_name}__in": keys})


class YearFilter(django_filters.NumberFilter):  # type: ignore[misc]
    """A filter by an integer within the range of years that a field can hold."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=FIRST_YEAR, max_value=LAST_YEAR, **kwargs)

    def get_max_validator(self) -> None:
        """Disable the bound of the base class, which is meant for decimals."""


class OrderField(BaseCSVField):  # type: ignore[misc]
    """A few keys to order by, each once."""

    def clean(self, value: Any) -> Any:
        names = super().clean(value)
        check_ordering(names or [])
        return names


class OrderFilter(django_filters.OrderingFilter):  # type: ignore[misc]
    """A filter that orders by letters and numbers as readers do; unknown values are last."""

    base_field_class = OrderField

    def filter(self, queryset: QuerySet[Any], value: list[str] | None) -> QuerySet[Any]:
        names = [name for name in value or () if name]
        if not names:
            return queryset
        return queryset.order_by(*(order_by(name) for name in names))


def check_ordering(value: list[str]) -> None:
    """Raise ValidationError for more keys than are useful, or one that is named twice."""
    names = [name.removeprefix("-") for name in value]
    if len(names) > MAX_ORDERINGS or len(set(names)) < len(names):
        raise ValidationError(
            _("Name at most %(limit)d fields, each once."),
            code="too_many_fields",
            params={"limit": MAX_ORDERINGS},
        )


def order_by(name: str) -> Any:
    """Return the expression that orders by a key, with ``-`` for descending order."""
    key = name.removeprefix("-")
    column = _ORDER_COLUMNS.get(key) or str(adapter().field(key))
    return F(column).desc(nulls_last=True) if key != name else F(column).asc(nulls_last=True)


def values_parameter(fact: str) -> str:
    """Return the name of the filter by complete values of a fact."""
    return f"{fact}_is"


@cache
def artwork_filterset() -> type[django_filters.FilterSet]:
    """Return the filters for the fields of the artwork model in use.

    ``q`` searches the text fields; ``artist``, ``medium``, ``collection`` and ``exhibition`` match
    part of a value, and with ``_is`` any of several complete values; ``accession_number`` is
    complete; works whose years overlap those from ``year_from`` to ``year_to`` are found;
    ``ordering`` sorts. Letters are compared as ``fold`` does.
    """
    filters: dict[str, Any] = {
        **({"q": WordsFilter(label=_("Keywords"))} if text_fields() else {}),
        **{
            name: PartFilter(field_name=name, label=label)
            for name, label in {
                "artist": _("Artist"),
                "medium": _("Medium"),
                "collection": _("Collection"),
                "exhibition": _("Exhibition"),
            }.items()
            if adapter().text_field(name) is not None
        },
    }
    if adapter().text_field("accession_number") is not None:
        filters["accession_number"] = AccessionFilter(label=_("Accession number"))
    filters |= {
        values_parameter(name): ValuesFilter(field_name=name)
        for name in FILTERED_FACTS
        if adapter().text_field(name) is not None
    }
    has_years = adapter().has_years()
    if has_years:
        for name, end, lookup, label in (
            ("year_from", "latest", "gte", _("From year")),
            ("year_to", "earliest", "lte", _("To year")),
        ):
            filters[name] = YearFilter(
                field_name=f"{RELATION}__{end}", lookup_expr=lookup, label=label
            )
    sortable = {
        "created": _("Date added"),
        "modified": _("Date changed"),
        "title": _("Title"),
        "artist": _("Artist"),
        "year_number": _("Year"),
    }
    fields = {
        name: label
        for name, label in sortable.items()
        if adapter().field(name) is not None or (name == "year_number" and has_years)
    }
    if fields:
        # django-filter has no translation of this in zh-hans.
        descending = {
            f"-{name}": format_lazy(_("{field} (descending)"), field=label)
            for name, label in fields.items()
        }
        filters["ordering"] = OrderFilter(
            fields=[(name, name) for name in fields],
            field_labels={**fields, **descending},
            label=_("Sort by"),
            empty_label=_("Default order"),
        )
    meta = type("Meta", (), {"model": get_artwork_model(), "fields": []})
    return type("ArtworkFilter", (django_filters.FilterSet,), {**filters, "Meta": meta})
