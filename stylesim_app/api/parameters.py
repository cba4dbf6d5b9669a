"""Query parameters of rankings and comparisons, with the same names as on the pages."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.drainage import set_override
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.settings import api_settings

from ..collection.filters import (
    MAX_VALUE_TEXT,
    MAX_VALUES,
    ValuesFilter,
    artwork_filterset,
)
from ..selections import finding
from ..views.forms import RankingForm
from ..views.within import WITHIN
from .base import ApiView
from .sparse import FIELDS
from .throttling import CustomWeightsThrottle

_FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}


class FlagField(forms.Field):
    """A boolean field that refuses other values; a form's checkbox accepts any text."""

    def to_python(self, value: str | None) -> bool:
        try:
            return _FLAGS[(value or "").lower()]
        except KeyError as error:
            raise DjangoValidationError(_("Enter true or false.")) from error


class RankingParameters(RankingForm):
    """The ranking form, read from query parameters."""

    exclude_same_artist = FlagField(required=False)  # type: ignore[assignment]


def read_form(request: Request) -> RankingParameters:
    """Return the valid form of a ranking.

    Raises ValidationError naming each parameter that cannot be used.
    """
    form = RankingParameters(request.query_params)
    if form.is_valid():
        return form
    errors = {name: [str(message) for message in found] for name, found in form.errors.items()}
    if NON_FIELD_ERRORS in errors:
        errors[api_settings.NON_FIELD_ERRORS_KEY] = errors.pop(NON_FIELD_ERRORS)
    raise ValidationError(errors)


@cache
def ranking_filterset() -> type[django_filters.FilterSet]:
    """Return the filters of artworks without the ordering; a ranking has its own order."""
    return type("RankingFilter", (artwork_filterset(),), {"ordering": None})


def bound_in_schema(filterset: type[django_filters.FilterSet]) -> type[django_filters.FilterSet]:
    """Return filters whose parameters state their bounds in the schema."""
    for found in filterset.base_filters.values():
        bounds = found.extra
        if isinstance(found, django_filters.OrderingFilter):
            continue
        if "max_value" in bounds:
            ends = {"minimum": bounds["min_value"], "maximum": bounds["max_value"]}
            set_override(found, "field", {"type": "integer", **ends})
        elif isinstance(found, ValuesFilter):
            values = {"type": "string", "maxLength": MAX_VALUE_TEXT}
            set_override(found, "field", {"type": "array", "items": values, "maxItems": MAX_VALUES})
        elif "max_length" in bounds:
            set_override(found, "field", {"type": "string", "maxLength": bounds["max_length"]})
    return filterset


class RankingView(ApiView):
    """A view that ranks the artworks that pass its filters."""

    filter_backends = (DjangoFilterBackend,)

    def get_throttles(self) -> list[Any]:
        return [*super().get_throttles(), CustomWeightsThrottle()]

    @property
    def filterset_class(self) -> type[django_filters.FilterSet]:
        return bound_in_schema(ranking_filterset())

    def known_parameters(self) -> Collection[str]:
        return (
            *RankingParameters.base_fields,
            *(FIELDS, WITHIN),
            *self.filterset_class.base_filters,
        )

    def candidates(self) -> Any:
        """Return the visible artworks that pass the filters, and are in the set ``within``.

        Raises ValidationError.
        """
        candidates = self.filter_queryset(self.get_queryset())
        reference = self.request.query_params.get(WITHIN)
        if not reference:
            return candidates
        selection = finding.find(reference, self.request.user)
        if selection is None:
            raise ValidationError({WITHIN: [_("Set not found, or you do not have access to it.")]})
        return finding.limit_to(candidates, selection)
