"""The filters of the list of artworks: those of the pages, and what catalogues that sync need."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from typing import Any

import django_filters
from django import forms
from django.db.models import DateTimeField
from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import get_default_timezone, is_naive, make_aware
from django.utils.translation import gettext_lazy as _
from drf_spectacular.drainage import set_override

from ..collection.adapter import adapter
from ..collection.filters import artwork_filterset
from ..collection.swapping import get_artwork_model
from .parameters import bound_in_schema

#: A moment with an offset whose plus sign an address turned into a space.
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")
MAX_MOMENT = 40


class MomentField(forms.Field):
    """A moment as in ISO 8601, or a day, which begins at midnight in the time zone of the site."""

    def to_python(self, value: str | None) -> datetime | None:
        text = (value or "").strip()
        if not text:
            return None
        if len(text) > MAX_MOMENT or (moment := _parse(_LOST_PLUS.sub("+", text))) is None:
            raise forms.ValidationError(
                _("Enter a moment such as 2026-05-04T09:30:00Z, or a day such as 2026-05-04."),
                code="invalid",
            )
        return moment


def _parse(text: str) -> datetime | None:
    try:
        day = parse_date(text)
        moment = parse_datetime(text) if day is None else datetime(day.year, day.month, day.day)  # noqa: DTZ001
        if moment is None:
            return None
        # A moment so early or late that no time zone can be applied to it.
        aware = make_aware(moment, get_default_timezone()) if is_naive(moment) else moment
        aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return aware


class MomentFilter(django_filters.Filter):  # type: ignore[misc]
    """A filter by a moment."""

    field_class = MomentField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schema = {"type": "string", "format": "date-time", "maxLength": MAX_MOMENT}
        set_override(self, "field", schema)


class JoinedOrdering:
    """A set of filters whose ``ordering`` may be repeated, as some generated clients do."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if isinstance(data, QueryDict) and len(orders := data.getlist("ordering")) > 1:
            data = data.copy()
            data["ordering"] = ",".join(orders)
        super().__init__(data, *args, **kwargs)  # type: ignore[call-arg]


@cache
def listing_filterset() -> type[django_filters.FilterSet]:
    """Return the filters of the list, with ``changed_since`` if the model knows when it changed."""
    extra: dict[str, Any] = {}
    name = adapter().field("modified")
    if name is not None and isinstance(get_artwork_model()._meta.get_field(name), DateTimeField):
        extra["changed_since"] = MomentFilter(field_name=name, lookup_expr="gte")
    made = type("ListingFilter", (JoinedOrdering, artwork_filterset()), extra)
    return bound_in_schema(made)
