"""Filters of artworks, the same for pages, API and rankings."""

from __future__ import annotations

import operator
from functools import cache, reduce
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from .adapter import adapter
from .swapping import get_artwork_model
from .years import LAST_YEAR

TEXT_FACTS = ("title", "artist", "year", "medium", "accession_number", "collection", "exhibition")


def search_text(queryset: QuerySet[Any], _name: str, text: str) -> QuerySet[Any]:
    """Return the works that contain every word in one of their text fields."""
    for word in text.split():
        queryset = queryset.filter(
            reduce(operator.or_, (Q(**{f"{name}__icontains": word}) for name in text_fields()))
        )
    return queryset


def text_fields() -> list[str]:
    """Return the text fields that the artwork model in use has."""
    return [field for fact in TEXT_FACTS if (field := adapter().text_field(fact)) is not None]


class YearFilter(django_filters.NumberFilter):  # type: ignore[misc]
    """A filter by an integer within the range of years that a field can hold."""

    field_class = forms.IntegerField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-LAST_YEAR, max_value=LAST_YEAR, **kwargs)

    def get_max_validator(self) -> None:
        """Disable the bound of the base class, which is meant for decimals."""


@cache
def artwork_filterset() -> type[django_filters.FilterSet]:
    """Return the filters for the fields of the artwork model in use.

    ``q`` searches the text fields; ``artist``, ``medium``, ``collection`` and ``exhibition`` match
    part of a value; ``year_from`` and ``year_to`` are inclusive; ``ordering`` sorts.
    """
    filters: dict[str, Any] = {
        **(
            {"q": django_filters.CharFilter(method=search_text, label=_("Keywords"))}
            if text_fields()
            else {}
        ),
        **{
            name: django_filters.CharFilter(field_name=field, lookup_expr="icontains", label=label)
            for name, label in {
                "artist": _("Artist"),
                "medium": _("Medium"),
                "collection": _("Collection"),
                "exhibition": _("Exhibition"),
            }.items()
            if (field := adapter().text_field(name)) is not None
        },
    }
    year = adapter().field("year_number")
    if year is not None:
        for name, lookup, label in (
            ("year_from", "gte", _("From year")),
            ("year_to", "lte", _("To year")),
        ):
            filters[name] = YearFilter(field_name=year, lookup_expr=lookup, label=label)
    sortable = {
        "created": _("Date added"),
        "title": _("Title"),
        "artist": _("Artist"),
        "year_number": _("Year"),
    }
    fields = {name: label for name, label in sortable.items() if adapter().field(name) is not None}
    if fields:
        # django-filter has no translation of this in zh-hans.
        descending = {
            f"-{name}": format_lazy(_("{field} (descending)"), field=label)
            for name, label in fields.items()
        }
        filters["ordering"] = django_filters.OrderingFilter(
            fields=[(adapter().field(name), name) for name in fields],
            field_labels={**fields, **descending},
            label=_("Sort by"),
            empty_label=_("Default order"),
        )
    meta = type("Meta", (), {"model": get_artwork_model(), "fields": []})
    return type("ArtworkFilter", (django_filters.FilterSet,), {**filters, "Meta": meta})
