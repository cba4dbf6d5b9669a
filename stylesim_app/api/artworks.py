"""Artworks: list, create, read, update, delete; and their thumbnails."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import django_filters
from django.db import transaction
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.http.response import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema_view
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListCreateAPIView, RetrieveUpdateDestroyAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..views.pictures import (
    RETRY_SECONDS,
    ThumbnailPending,
    jpeg_response,
    read_thumbnail,
    share_with_other_sites,
)
from ..work import known_files
from . import uploads
from .base import AnswerRenderer, ApiView, Conflict
from .conditional import CONDITIONS, IF_MATCH, require_match
from .idempotency import IDEMPOTENCY_PARAMETER, REPLAYED_PARAMETER, answer_once
from .listing import listing_filterset
from .permissions import HasScope, MayWriteArtworks
from .schema import JSON, NOT_MODIFIED, RETRY_AFTER, describe, header, with_problems
from .serializers import artwork_facts_serializer, artwork_serializer
from .sparse import FIELDS, FIELDS_PARAMETER, SparseMixin

MULTIPART = "multipart/form-data"
WRITING = [IF_MATCH, header("Link", "Another artwork that has the same file.", 200)]


class ArtworkView(ApiView):
    """A view that reads and writes artworks."""

    permission_classes = (HasScope, MayWriteArtworks)

    def get_serializer_class(self) -> Any:
        return artwork_serializer()


@extend_schema_view(
    get=describe(
        operation_id="listArtworks",
        summary="List artworks",
        parameters=[FIELDS_PARAMETER, *CONDITIONS],
        responses=with_problems(
            {200: artwork_serializer()(many=True), **NOT_MODIFIED}, 400, 401, 403, 404
        ),
    ),
    post=describe(
        operation_id="createArtwork",
        summary="Create an artwork",
        description="The artwork is indexed soon after.",
        parameters=[
            uploads.ALLOW_DUPLICATE_PARAMETER,
            IDEMPOTENCY_PARAMETER,
            REPLAYED_PARAMETER,
            header("Location", "The address of the artwork.", 201),
            header("Link", "The artwork that has the same file.", 201, 409),
            header("Retry-After", f"{RETRY_AFTER} Not for a duplicate.", 409, kind=int),
        ],
        request={MULTIPART: artwork_serializer()},
        responses=with_problems(
            {201: artwork_serializer()},
            *(400, 401, 403, 409, 410, 411, 413, 415, 422),
            conflict="An artwork has the same file; see `artwork`. Or the first request with the "
            "same `Idempotency-Key` is still under way.",
        ),
    ),
)
class ArtworkListView(SparseMixin, ArtworkView, ListCreateAPIView[Any]):
    """The artworks visible to the caller, filtered, ordered and in pages."""

    filter_backends = (DjangoFilterBackend,)

    @property
    def filterset_class(self) -> type[django_filters.FilterSet]:
        return listing_filterset()

    def known_parameters(self) -> Collection[str]:
        return ("page", "page_size", "cursor", FIELDS, *self.filterset_class.base_filters)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        artworks = super().filter_queryset(queryset)
        # Without a total order, a row could appear on two pages, or on none.
        ordering = artworks.query.order_by or artworks.model._meta.ordering
        return artworks.order_by(*ordering, "-pk")

    def known_when_writing(self) -> Collection[str]:
        return (uploads.ALLOW_DUPLICATE,)

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        act = partial(super().create, request, *args, **kwargs)
        return answer_once(request, "artworks", act, get_artwork_model()._default_manager.all())

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
        parameters=[FIELDS_PARAMETER, *CONDITIONS],
        responses=with_problems({200: artwork_serializer(), **NOT_MODIFIED}, 400, 401, 403, 404),
    ),
    put=describe(
        operation_id="replaceArtwork",
        summary="Replace all fields of an artwork",
        description="The picture is indexed soon after. The answer has all fields; the parameter "
        "`fields` is refused.",
        parameters=WRITING,
        request={MULTIPART: artwork_serializer()},
        responses=with_problems(
            {200: artwork_serializer()}, 400, 401, 403, 404, 411, 412, 413, 415
        ),
    ),
    patch=describe(
        operation_id="updateArtwork",
        summary="Update some fields of an artwork",
        description="For a new picture, send PUT, or PATCH with multipart data. The answer has all "
        "fields; the parameter `fields` is refused.",
        parameters=WRITING,
        request={JSON: artwork_facts_serializer()},
        responses=with_problems(
            {200: artwork_serializer()}, 400, 401, 403, 404, 411, 412, 413, 415
        ),
    ),
    delete=describe(
        operation_id="deleteArtwork",
        summary="Delete an artwork",
        description="Its index entry, descriptor and thumbnails are deleted too, at once: the "
        "trash is for deletions in the admin.",
        parameters=[IF_MATCH],
        responses=with_problems(
            {204: None}, *(401, 403, 404, 409, 412), conflict="Other records refer to this artwork."
        ),
    ),
)
class ArtworkDetailView(SparseMixin, ArtworkView, RetrieveUpdateDestroyAPIView[Any]):
    """One artwork."""

    def known_parameters(self) -> Collection[str]:
        return (FIELDS,)

    def get_object(self) -> Any:
        artwork = self.find_artwork(self.kwargs["pk"])
        self.check_object_permissions(self.request, artwork)
        return artwork

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self._as_read(request):
            return super().destroy(request, *args, **kwargs)

    @contextmanager
    def _as_read(self, request: Request) -> Iterator[None]:
        """Hold the artwork while it is changed, if the request has ``If-Match``.

        Raises Changed if it is no longer as the caller read it.
        """
        if "If-Match" not in request.headers:
            yield
            return
        with transaction.atomic():
            key = self.get_object().pk
            held = get_artwork_model()._base_manager.select_for_update().filter(pk=key)
            held.values_list("pk").first()
            require_match(
                request,
                lambda: AnswerRenderer().render(self.get_serializer(self.get_object()).data),
            )
            yield

    def perform_destroy(self, artwork: Any) -> None:
        try:
            super().perform_destroy(artwork)
        except (ProtectedError, RestrictedError) as error:
            raise Conflict(_("Other records refer to this artwork; delete them first.")) from error

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self._as_read(request):
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
        responses=with_problems(
            {
                (200, "image/jpeg"): OpenApiTypes.BINARY,
                202: OpenApiResponse(
                    description="A worker is making the thumbnail. Retry after the seconds in "
                    "Retry-After."
                ),
            },
            *(401, 403, 404),
        ),
    )
    def get(self, request: Request, pk: str, size: str) -> HttpResponseBase:
        artwork = self.find_artwork(pk)
        try:
            content = read_thumbnail(artwork, size)
        except ThumbnailPending:
            # No body: a client that expects a JPEG shows nothing instead of something else.
            return HttpResponse(status=202, headers={"Retry-After": str(RETRY_SECONDS)})
        if content is None:
            raise NotFound(_("The picture of this artwork is missing or cannot be opened."))
        # The picture may be replaced, and the artwork hidden, at any time.
        response = jpeg_response(request, content, max_age=60)
        return share_with_other_sites(request, artwork, response)
