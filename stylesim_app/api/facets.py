"""The values of the artworks that filters show, with their numbers."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

import django_filters
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ..collection.facets import Facet, Facets, Period, Value, find_facets
from ..collection.visibility import visible_artworks
from ..conf import conf
from .base import ApiView
from .conditional import CONDITIONS
from .listing import listing_filterset
from .schema import NOT_MODIFIED, describe, with_problems
from .throttling import FacetsThrottle

LIMIT = 20


class ValueSerializer(serializers.Serializer[Value]):
    """A value, and the number of artworks that are shown if it is chosen."""

    value = serializers.CharField(source="text", help_text="Send it as the `parameter`.")
    count = serializers.IntegerField(min_value=0)
    chosen = serializers.BooleanField()


class FacetSerializer(serializers.Serializer[Facet]):
    """The values of a fact, the most frequent first."""

    name = serializers.CharField(source="fact")
    label = serializers.CharField(  # type: ignore[assignment]  # as on the pages
        help_text="The name of the fact in the language of the answer."
    )
    parameter = serializers.CharField(help_text="The parameter that chooses values.")
    values = ValueSerializer(many=True)
    more = serializers.BooleanField(help_text="There are others; send a larger `limit`.")


class PeriodSerializer(serializers.Serializer[Period]):
    """A century or decade, and the number of artworks whose years overlap it."""

    year_from = serializers.IntegerField(source="first")
    year_to = serializers.IntegerField(source="last")
    count = serializers.IntegerField(min_value=0)
    chosen = serializers.BooleanField()


class FacetsSerializer(serializers.Serializer[Facets]):
    """The facets of the artworks that the filters show."""

    count = serializers.SerializerMethodField(help_text="Number of artworks that are shown.")
    facets = FacetSerializer(many=True)
    centuries = PeriodSerializer(
        many=True, help_text="The centuries with the most artworks, in their order."
    )
    decades = PeriodSerializer(
        many=True, help_text="The decades, if the years that are chosen lie within a century."
    )

    def get_count(self, _facets: Facets) -> int:
        return int(self.context["count"])


@cache
def facets_filterset() -> type[django_filters.FilterSet]:
    """Return the filters of the list without its order."""
    return type("FacetsFilter", (listing_filterset(),), {"ordering": None})


class FacetsView(ApiView):
    """The facets of the artworks visible to the caller."""

    filter_backends = (DjangoFilterBackend,)
    serializer_class = FacetsSerializer
    pagination_class: Any = None

    @property
    def filterset_class(self) -> type[django_filters.FilterSet]:
        return facets_filterset()

    def get_throttles(self) -> list[Any]:
        return [*super().get_throttles(), FacetsThrottle()]

    def known_parameters(self) -> Collection[str]:
        return ("limit", *self.filterset_class.base_filters)

    @describe(
        operation_id="listFacets",
        summary="List the values to filter by",
        filters=True,
        parameters=[
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "default": LIMIT},
                description="Number of values of each facet.",
            ),
            *CONDITIONS,
        ],
        responses=with_problems({200: FacetsSerializer, **NOT_MODIFIED}, 400, 401, 403, 429),
    )
    def get(self, request: Request) -> Response:
        limit = _read_limit(request)
        count = self.filter_queryset(self.get_queryset()).order_by().count()
        found = find_facets(
            self.filterset_class, request.query_params, visible_artworks(request), limit
        )
        context: dict[str, Any] = {**self.get_serializer_context(), "count": count}
        return Response(FacetsSerializer(found, context=context).data)


def _read_limit(request: Request) -> int:
    text = request.query_params.get("limit")
    if text is None:
        return min(LIMIT, conf.max_results)
    try:
        limit = int(text)
    except ValueError:
        limit = 0
    if not 1 <= limit <= conf.max_results:
        reason = _("Enter a whole number from 1 to %(most)d.") % {"most": conf.max_results}
        raise ValidationError({"limit": [reason]})
    return limit
