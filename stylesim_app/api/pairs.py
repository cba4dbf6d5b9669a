"""The closest pairs of the collection, for callers with the permission to view artworks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import django_filters
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from ..collection.visibility import may
from ..conf import conf
from ..ranking import pairs
from ..ranking.pair_sources import ARTISTS, Scope
from ..views.pairs import PairsForm
from .answers import PolygonField
from .base import ApiView
from .paging import Pages
from .parameters import bound_in_schema, ranking_filterset
from .permissions import HasScope
from .schema import describe, with_problems
from .serializers import artwork_serializer


class MayViewArtworks(BasePermission):
    """The pairs of a collection are for staff with the permission to view artworks."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method == "OPTIONS" or may(request.user, "view")


class PairRelationSerializer(serializers.Serializer[Any]):
    """The way the second work shows the picture of the first."""

    mirrored = serializers.BooleanField()
    turned = serializers.FloatField(help_text="Degrees, clockwise.")
    covered = serializers.FloatField(help_text="The share of the second that the first shows.")
    query_covered = serializers.FloatField(help_text="The share of the first.")
    region = PolygonField(help_text="The part of the second that both show.")
    query_region = PolygonField(help_text="The same part of the first.")


class PairSerializer(serializers.Serializer[Any]):
    """Two artworks that are near; values of other lanes are null."""

    first = artwork_serializer()()
    second = artwork_serializer()()
    same_file = serializers.BooleanField(help_text="True if both have the same file.")
    inliers = serializers.IntegerField(
        allow_null=True, help_text="Matching points, in the lane same_picture."
    )
    relation = PairRelationSerializer(allow_null=True)
    distance = serializers.FloatField(allow_null=True)
    style_distance = serializers.FloatField(allow_null=True)
    content_distance = serializers.FloatField(allow_null=True)
    closer_than = serializers.FloatField(
        allow_null=True, help_text="The percentage of random pairs that are farther apart."
    )


class PairsSerializer(serializers.Serializer[Any]):
    """A page of the closest pairs of a lane."""

    lane = serializers.CharField()
    unlisted = serializers.IntegerField(
        help_text="Works that are still to be compared; more pairs may appear."
    )
    limited = serializers.BooleanField(
        help_text="True if only the nearest entries were looked at, so that farther pairs are left "
        "out."
    )
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PairSerializer(many=True)


def _parameters() -> list[Any]:
    return [
        OpenApiParameter(
            "lane",
            str,
            enum=[lane.name for lane in pairs.pair_lanes()],
            default=pairs.DEFAULT_LANE,
            description="How to compare; pictures that are the same, files first, by default.",
        ),
        OpenApiParameter(
            "artists",
            str,
            enum=ARTISTS,
            description="Only pairs of the same artist, or of different ones.",
        ),
        OpenApiParameter(
            "page_size",
            {"type": "integer", "minimum": 1, "default": pairs.PAGE_SIZE},
            description="Number of pairs per page.",
        ),
        OpenApiParameter(
            "cursor",
            {"type": "string", "maxLength": pairs.MAX_CURSOR},
            description="The place in the list from which to continue, as in next and previous.",
        ),
    ]


class PairsView(ApiView):
    """The pairs of visible artworks that are nearest to each other."""

    permission_classes = (HasScope, MayViewArtworks)
    needs_account = True
    filter_backends = (DjangoFilterBackend,)
    pagination_class: Any = None
    serializer_class = PairsSerializer

    @property
    def filterset_class(self) -> type[django_filters.FilterSet]:
        return bound_in_schema(ranking_filterset())

    def known_parameters(self) -> Collection[str]:
        return ("lane", "artists", "page_size", "cursor", *self.filterset_class.base_filters)

    @describe(
        operation_id="listPairs",
        summary="List the closest pairs",
        description="Each pair once, the nearest first. A pair is listed if one of its artworks "
        "passes the filters.",
        parameters=_parameters(),
        responses=with_problems({200: PairsSerializer}, 400, 401, 403),
    )
    def get(self, request: Request) -> Response:
        form = PairsForm(request.query_params)
        if not form.is_valid():
            reasons = {name: [str(each) for each in found] for name, found in form.errors.items()}
            raise ValidationError(reasons)
        lane = form.cleaned_data["lane"]
        visible = self.get_queryset()
        filtered = any(request.query_params.get(name) for name in ranking_filterset().base_filters)
        scope = Scope(
            visible=visible,
            matching=self.filter_queryset(visible) if filtered else None,
            artists=form.cleaned_data.get("artists", ""),
        )
        cursor = request.query_params.get("cursor", "")
        try:
            page = pairs.list_pairs(lane, scope, self._size(request), cursor)
        except pairs.InvalidCursor as error:
            reason = _("This cursor is not valid. Start again without it.")
            raise ValidationError({"cursor": [reason]}) from error
        found = {
            "lane": lane,
            "unlisted": page.unlisted,
            "limited": page.limited,
            "next": self._link(request, page.next),
            "previous": self._link(request, page.previous),
            "results": page.pairs,
        }
        return Response(PairsSerializer(found, context=self.get_serializer_context()).data)

    def _size(self, request: Request) -> int:
        if "page_size" not in request.query_params:
            return min(pairs.PAGE_SIZE, conf.max_results)
        return Pages().get_page_size(request)

    def _link(self, request: Request, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        return replace_query_param(request.build_absolute_uri(), "cursor", cursor)
