"""The sets that people keep: list, create, read, update, delete; and their works."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_view
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.generics import ListCreateAPIView, RetrieveUpdateDestroyAPIView
from rest_framework.permissions import SAFE_METHODS, IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from ..collection.visibility import visible_artworks
from ..models import Selection
from ..selections import finding, keeping
from .base import ApiView, parse_key
from .permissions import HasAccount, HasScope
from .schema import describe, with_problems
from .serializers import artwork_serializer
from .set_answers import (
    AddedSerializer,
    SetDetailSerializer,
    SetSerializer,
    SetWorksSerializer,
)

PAGING = ("page", "page_size", "cursor")
REFERENCE = OpenApiParameter(
    "id",
    OpenApiTypes.STR,
    OpenApiParameter.PATH,
    description="The ID of a set or, to read it, the token of its link.",
)

CHANGING: dict[str, Any] = {
    "tags": ["sets"],
    "parameters": [REFERENCE],
    "request": {"application/json": SetDetailSerializer},
    "responses": with_problems({200: SetDetailSerializer}, 400, 401, 403, 404, 411, 413, 415),
}


class SetView(ApiView):
    """A view of the sets that the caller may read."""

    permission_classes: Any = (HasScope, IsAuthenticatedOrReadOnly)
    serializer_class = SetDetailSerializer

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Selection.objects.none()
        return finding.with_counts(
            finding.readable(self.request.user), visible_artworks(self.request)
        )

    def find_set(self) -> Selection:
        """Return the set of a key or a token. Raises NotFound, and PermissionDenied for a change
        of a set that belongs to another person."""
        reference = self.kwargs["pk"]
        selection = finding.find(reference, self.request.user)
        if selection is None:
            raise NotFound(
                _("Set %(id)s was not found, or you do not have access to it.") % {"id": reference}
            )
        if self.request.method not in SAFE_METHODS and selection.owner_id != self.request.user.pk:
            raise PermissionDenied(_("This set belongs to another person."))
        return selection

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        reference = self.kwargs.get("pk")
        return context if reference is None else {**context, "reference": reference}


@extend_schema_view(
    get=describe(
        operation_id="listSets",
        summary="List your sets",
        description="For staff, also the sets that others share.",
        tags=["sets"],
        responses=with_problems({200: SetSerializer(many=True)}, 400, 401, 403, 404),
    ),
    post=describe(
        operation_id="createSet",
        summary="Create a set",
        tags=["sets"],
        request={"application/json": SetDetailSerializer},
        responses=with_problems({201: SetDetailSerializer}, 400, 401, 403, 411, 413, 415),
    ),
)
class SetListView(SetView, ListCreateAPIView[Any]):
    """The sets of the caller, the last changed first."""

    permission_classes = (HasScope, HasAccount)
    needs_account = True

    def get_serializer_class(self) -> Any:
        return SetSerializer if self.request.method in SAFE_METHODS else SetDetailSerializer

    def known_parameters(self) -> Collection[str]:
        return PAGING

    def get_success_headers(self, made: Any) -> dict[str, str]:
        path = reverse("stylesim-api:set-detail", args=[made["id"]])
        return {"Location": self.request.build_absolute_uri(path)}


@extend_schema_view(
    get=describe(
        operation_id="getSet",
        summary="Get a set",
        tags=["sets"],
        parameters=[REFERENCE],
        responses=with_problems({200: SetDetailSerializer}, 401, 403, 404),
    ),
    put=describe(
        operation_id="replaceSet",
        summary="Replace all fields of a set",
        **CHANGING,
    ),
    patch=describe(
        operation_id="updateSet",
        summary="Update some fields of a set",
        **CHANGING,
    ),
    delete=describe(
        operation_id="deleteSet",
        summary="Delete a set",
        description="Its works stay in the collection.",
        tags=["sets"],
        parameters=[REFERENCE],
        responses=with_problems({204: None}, 401, 403, 404),
    ),
)
class SetDetailView(SetView, RetrieveUpdateDestroyAPIView[Any]):
    """One set, with the IDs of its works."""

    def get_object(self) -> Any:
        return self.find_set()


class SetWorksView(SetView):
    """The works of a set that the caller may see, in its order."""

    def get_serializer_class(self) -> Any:
        return artwork_serializer() if self.request.method in SAFE_METHODS else SetWorksSerializer

    def known_parameters(self) -> Collection[str]:
        return PAGING

    @describe(
        operation_id="listWorksOfSet",
        summary="List the artworks of a set",
        tags=["sets"],
        parameters=[REFERENCE],
        responses=with_problems({200: artwork_serializer()(many=True)}, 400, 401, 403, 404),
    )
    def get(self, request: Request, pk: str) -> Response:
        items = finding.shown_items(self.find_set(), visible_artworks(request))
        page: Any = self.paginate_queryset(items)
        works = [item.artwork for item in page]
        return self.get_paginated_response(self.get_serializer(works, many=True).data)

    @describe(
        operation_id="addWorksToSet",
        summary="Add artworks to a set",
        tags=["sets"],
        parameters=[REFERENCE],
        request={"application/json": SetWorksSerializer},
        responses=with_problems({200: AddedSerializer}, 400, 401, 403, 404, 411, 413, 415),
    )
    def post(self, request: Request, pk: str) -> Response:
        selection = self.find_set()
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            added = keeping.add(selection, asked.validated_data["artworks"])
        except keeping.SelectionFull as error:
            raise ValidationError({"artworks": [str(error)]}) from error
        return Response({"added": added})


class SetWorkView(SetView):
    """One artwork in a set."""

    @describe(
        operation_id="removeWorkFromSet",
        summary="Remove an artwork from a set",
        description="It stays in the collection.",
        tags=["sets"],
        parameters=[
            REFERENCE,
            OpenApiParameter("artwork", OpenApiTypes.STR, OpenApiParameter.PATH),
        ],
        responses=with_problems({204: None}, 401, 403, 404),
    )
    def delete(self, request: Request, pk: str, artwork: str) -> Response:
        key = parse_key(artwork)
        if not keeping.remove(self.find_set(), [] if key is None else [key]):
            raise NotFound(_("Artwork %(id)s is not in this set.") % {"id": artwork})
        return Response(status=204)
