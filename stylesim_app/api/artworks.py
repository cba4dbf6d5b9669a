"""Artworks: list, create, read, update, delete; and their thumbnails."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

import django_filters
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_view
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListCreateAPIView, RetrieveUpdateDestroyAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from ..collection.filters import artwork_filterset
from ..conf import conf
from ..views.pictures import jpeg_response, read_thumbnail, share_with_other_sites
from ..work import known_files
from . import uploads
from .base import ApiView, Conflict
from .idempotency import IDEMPOTENCY_PARAMETER, answer_once
from .parameters import bound_in_schema
from .permissions import HasScope, MayWriteArtworks
from .schema import describe, with_problems
from .serializers import artwork_serializer

MULTIPART = "multipart/form-data"


class ArtworkView(ApiView):
    """A view that reads and writes artworks."""

    permission_classes = (HasScope, MayWriteArtworks)

    def get_serializer_class(self) -> Any:
        return artwork_serializer()


@extend_schema_view(
    get=describe(
        operation_id="listArtworks",
        summary="List artworks",
        responses=with_problems({200: artwork_serializer()(many=True)}, 400, 401, 403, 404),
    ),
    post=describe(
        operation_id="createArtwork",
        summary="Create an artwork",
        description="The artwork is indexed soon after.",
        parameters=[uploads.ALLOW_DUPLICATE_PARAMETER, IDEMPOTENCY_PARAMETER],
        request={MULTIPART: artwork_serializer()},
        responses=with_problems(
            {201: artwork_serializer()},
            *(400, 401, 403, 409, 411, 413, 415, 422),
            conflict="An artwork has the same file; see `artwork`. Or the first request with the "
            "same `Idempotency-Key` is still under way.",
        ),
    ),
)
class ArtworkListView(ArtworkView, ListCreateAPIView[Any]):
    """The artworks visible to the caller, filtered, ordered and in pages."""

    filter_backends = (DjangoFilterBackend,)

    @property
    def filterset_class(self) -> type[django_filters.FilterSet]:
        return bound_in_schema(artwork_filterset())

    def known_parameters(self) -> Collection[str]:
        return ("page", "page_size", "cursor", *self.filterset_class.base_filters)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        artworks = super().filter_queryset(queryset)
        # Without a total order, a row could appear on two pages, or on none.
        ordering = artworks.query.order_by or artworks.model._meta.ordering
        return artworks.order_by(*ordering, "-pk")

    def known_when_writing(self) -> Collection[str]:
        return (uploads.ALLOW_DUPLICATE,)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        act = partial(super().create, request, *args, **kwargs)
        return answer_once(request, "artworks", act)

    def perform_create(self, serializer: Any) -> None:
        self.duplicate = uploads.create(serializer, self.request)

    def get_success_headers(self, artwork: Any) -> dict[str, str]:
        path = reverse("stylesim-api:artwork-detail", args=[artwork["id"]])
        headers = {"Location": self.request.build_absolute_uri(path)}
        if self.duplicate is not None:
            headers["Link"] = uploads.link_to(self.duplicate, self.get_serializer_context())
        return headers


@extend_schema_view(
    get=describe(
        operation_id="getArtwork",
        summary="Get an artwork",
        responses=with_problems({200: artwork_serializer()}, 401, 403, 404),
    ),
    put=describe(
        operation_id="replaceArtwork",
        summary="Replace all fields of an artwork",
        description="The picture is indexed soon after.",
        request={MULTIPART: artwork_serializer()},
        responses=with_problems({200: artwork_serializer()}, 400, 401, 403, 404, 411, 413, 415),
    ),
    patch=describe(
        operation_id="updateArtwork",
        summary="Update some fields of an artwork",
        description="A new picture is indexed soon after.",
        request={"application/json": artwork_serializer(), MULTIPART: artwork_serializer()},
        responses=with_problems({200: artwork_serializer()}, 400, 401, 403, 404, 411, 413, 415),
    ),
    delete=describe(
        operation_id="deleteArtwork",
        summary="Delete an artwork",
        description="Its index entry, descriptor and thumbnails are deleted too.",
        responses=with_problems(
            {204: None}, *(401, 403, 404, 409), conflict="Other records refer to this artwork."
        ),
    ),
)
class ArtworkDetailView(ArtworkView, RetrieveUpdateDestroyAPIView[Any]):
    """One artwork."""

    def get_object(self) -> Any:
        artwork = self.find_artwork(self.kwargs["pk"])
        self.check_object_permissions(self.request, artwork)
        return artwork

    def perform_destroy(self, artwork: Any) -> None:
        try:
            super().perform_destroy(artwork)
        except (ProtectedError, RestrictedError) as error:
            raise Conflict(_("Other records refer to this artwork; delete them first.")) from error

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().update(request, *args, **kwargs)
        if self.duplicate is not None:
            response["Link"] = uploads.link_to(self.duplicate, self.get_serializer_context())
        return response

    def perform_update(self, serializer: Any) -> None:
        upload = serializer.validated_data.get(conf.artwork_image_field)
        sha256 = known_files.digest(upload) if upload else ""
        # A new picture has a new index entry, so the values loaded before are outdated.
        serializer.save().refresh_from_db()
        self.duplicate = uploads.find_duplicate(serializer.instance, sha256, self.request)


class ThumbnailView(ApiView):
    """A small JPEG of an artwork that the caller may see."""

    def known_parameters(self) -> None:
        # Clients may add a number of their own to make browsers reload the picture.
        return None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # No renderer produces image/jpeg, but clients may accept it alone.
        return super().perform_content_negotiation(request, force=True)

    @describe(
        operation_id="getThumbnail",
        summary="Get a thumbnail of an artwork",
        responses=with_problems({(200, "image/jpeg"): OpenApiTypes.BINARY}, 401, 403, 404),
    )
    def get(self, request: Request, pk: str, size: str) -> HttpResponseBase:
        artwork = self.find_artwork(pk)
        content = read_thumbnail(artwork, size)
        if content is None:
            raise NotFound(_("The picture of this artwork is missing or cannot be opened."))
        # The picture may be replaced, and the artwork hidden, at any time.
        response = jpeg_response(request, content, max_age=60)
        return share_with_other_sites(request, artwork, response)
