"""The keys of artworks that a caller may have read, and cannot read any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import ngettext
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.generics import ListAPIView

from ..collection.swapping import get_artwork_model
from ..collection.visibility import may, sees_all, visible_artworks
from ..conf import conf
from ..models import Tombstone
from ..work import tombstones
from .base import ApiView, parse_key
from .conditional import CONDITIONS
from .listing import MomentFilter
from .schema import NOT_MODIFIED, describe, with_problems


class TooLongAgo(APIException):
    """A moment since which not all removals are known."""

    status_code = 410
    default_code = "since_too_old"


class RemovalSerializer(serializers.Serializer[Tombstone]):
    """An artwork that was deleted or hidden."""

    removed = serializers.DateTimeField(source="removed_at")

    def get_fields(self) -> dict[str, Any]:
        key = serializers.ModelField(model_field=get_artwork_model()._meta.pk, read_only=True)
        return {"id": key, **super().get_fields()}


class RemovalsFilter(django_filters.FilterSet):  # type: ignore[misc]
    """The removals since a moment. Raises TooLongAgo."""

    since = MomentFilter(field_name="removed_at", lookup_expr="gte", required=True)

    class Meta:
        model = Tombstone
        fields = ()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.form.cleaned_data["since"] < tombstones.oldest():
            days = int(conf.tombstone_days)
            text = ngettext(
                "Removals are known for the last %(days)d day only. Read the IDs of all artworks "
                "instead.",
                "Removals are known for the last %(days)d days only. Read the IDs of all artworks "
                "instead.",
                days,
            )
            raise TooLongAgo(text % {"days": days})
        removals: QuerySet[Any] = super().filter_queryset(queryset)
        return removals


@extend_schema_view(
    get=describe(
        operation_id="listRemovedArtworks",
        summary="List artworks that were deleted or hidden",
        description="The IDs of artworks that the caller cannot read any more, the earliest first. "
        "Those that are shown again by now are left out, so a page may have fewer than it counts.",
        tags=["artworks"],
        parameters=CONDITIONS,
        responses=with_problems(
            {200: RemovalSerializer(many=True), **NOT_MODIFIED}, 400, 401, 403, 404, 410
        ),
    )
)
class RemovalsView(ApiView, ListAPIView[Any]):
    """The artworks that were deleted, moved to the trash, or hidden from the caller."""

    filter_backends = (DjangoFilterBackend,)
    filterset_class = RemovalsFilter
    serializer_class = RemovalSerializer

    def known_parameters(self) -> Collection[str]:
        return ("since", "page", "page_size", "cursor")

    def get_queryset(self) -> QuerySet[Any]:
        rows = Tombstone.objects.order_by("removed_at", "pk")
        if may(self.request.user, "view") and sees_all(self.request):
            return rows.filter(is_gone=True)
        # Others may never have read the rest, and learn nothing of it.
        return rows.filter(was_public=True)

    def paginate_queryset(self, queryset: Any) -> Any:
        rows = super().paginate_queryset(queryset) or []
        keys = [parse_key(row.artwork_key) for row in rows]
        shown = visible_artworks(self.request).order_by().filter(pk__in=keys)
        left_out = {None, *shown.values_list("pk", flat=True)}
        return [
            _Removal(key, row.removed_at)
            for key, row in zip(keys, rows, strict=True)
            if key not in left_out
        ]


class _Removal:
    """An artwork that was removed, as far as it is told."""

    def __init__(self, key: Any, removed_at: datetime) -> None:
        # A serializer reads the key as it reads that of an artwork.
        setattr(self, get_artwork_model()._meta.pk.attname, key)
        self.removed_at = removed_at
