"""Similar works of an artwork or of a searched image, and comparisons of two artworks."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ..collection.visibility import visible_artworks
from ..core.errors import ImageError
from ..exceptions import NotIndexed, StorageUnavailable
from ..models import ImageSearch, WorkItem
from ..ranking import image_search
from ..ranking.compare import compare_artworks
from ..ranking.timing import timed
from ..views.forms import WEIGHTS
from .answers import (
    ComparisonSerializer,
    ImageSearchSerializer,
    LaneAnswerSerializer,
    SamePicturesSerializer,
    SearchAnswerSerializer,
    SearchSerializer,
    SimilarSerializer,
    serialize_answer,
)
from .base import ApiView
from .conditional import CONDITIONS
from .idempotency import IDEMPOTENCY_PARAMETER, REPLAYED_PARAMETER, answer_once
from .parameters import RankingView, read_form
from .permissions import READ
from .problems import told_reason
from .schema import (
    KEY_SCHEMA,
    NOT_MODIFIED,
    RANKING_PARAMETERS,
    RETRY_AFTER,
    WEIGHT_PARAMETERS,
    describe,
    header,
    with_problems,
)
from .sparse import FIELDS_PARAMETER, SparseMixin
from .throttling import SearchThrottle


class SimilarView(SparseMixin, RankingView):
    """The works most similar to an artwork, nearest first, without the artwork itself."""

    serializer_class = SimilarSerializer

    @describe(
        operation_id="listSimilarArtworks",
        summary="Find works similar to an artwork",
        parameters=[*RANKING_PARAMETERS, FIELDS_PARAMETER, *CONDITIONS],
        filters=True,
        responses=with_problems(
            {
                200: PolymorphicProxySerializer(
                    component_name="SimilarInLane",
                    serializers=[SimilarSerializer, SamePicturesSerializer, LaneAnswerSerializer],
                    resource_type_field_name=None,
                ),
                **NOT_MODIFIED,
            },
            *(400, 401, 403, 404, 409, 429, 503),
        ),
    )
    def get(self, request: Request, pk: str) -> Response:
        artwork = self.find_artwork(pk)
        form = read_form(request)
        visible = visible_artworks(request)
        with timed(form.chosen_lane().name):
            answer = form.chosen_lane().of_artwork(
                artwork, form.options(), visible, self.candidates(), form.serving
            )
        return Response(serialize_answer(answer, self.get_serializer_context()))


class SearchView(ApiView):
    """Search by an image, which is not kept.

    A worker compares it with the collection; poll the ``url`` in the response for the results.
    """

    serializer_class = ImageSearchSerializer
    #: The image is compared and not kept.
    required_scope = READ
    needs_account = False

    def get_throttles(self) -> list[Any]:
        own = [SearchThrottle()] if self.request.method == "POST" else []
        return [*super().get_throttles(), *own]

    @describe(
        operation_id="startSearch",
        summary="Search by an image",
        parameters=[
            IDEMPOTENCY_PARAMETER,
            REPLAYED_PARAMETER,
            header("Location", "The address of the search.", 202),
            header("Retry-After", RETRY_AFTER, 202, 409, kind=int),
        ],
        request={"multipart/form-data": ImageSearchSerializer},
        responses=with_problems(
            {202: SearchSerializer},
            *(400, 401, 403, 409, 410, 411, 413, 415, 422, 429, 503),
            conflict="The first request with the same `Idempotency-Key` is still under way.",
        ),
    )
    def post(self, request: Request) -> Response:
        act = partial(self._start, request)
        return answer_once(request, "search", act, ImageSearch.objects.all())

    def _start(self, request: Request) -> Response:
        upload = self.get_serializer(data=request.data)
        upload.is_valid(raise_exception=True)
        search = image_search.start(upload.validated_data["image"], request.user)
        answer = SearchSerializer(search, context=self.get_serializer_context()).data
        return Response(answer, status=202, headers={"Location": answer["url"], "Retry-After": "1"})


class SearchDetailView(SparseMixin, RankingView):
    """The state of a search or its results; each request may use other weights."""

    @describe(
        operation_id="getSearch",
        summary="Get the results of a search",
        parameters=[
            *RANKING_PARAMETERS,
            FIELDS_PARAMETER,
            *CONDITIONS,
            header("Retry-After", f"{RETRY_AFTER} Only while `state` is pending.", 200, kind=int),
        ],
        filters=True,
        responses=with_problems(
            {
                200: PolymorphicProxySerializer(
                    component_name="SearchStatus",
                    serializers=[
                        SearchSerializer,
                        SearchAnswerSerializer,
                        SamePicturesSerializer,
                        LaneAnswerSerializer,
                    ],
                    resource_type_field_name=None,
                ),
                **NOT_MODIFIED,
            },
            *(400, 401, 403, 404, 429, 503),
        ),
    )
    def get(self, request: Request, pk: UUID) -> Response:
        search = image_search.find(pk, request.user)
        if search is None:
            raise NotFound(_("Search not found. It may have expired; please search again."))
        form = read_form(request)
        context = self.get_serializer_context()
        visible, candidates = visible_artworks(request), self.candidates()
        try:
            with timed(form.chosen_lane().name):
                answer = form.chosen_lane().of_search(
                    search, form.options(), visible, candidates, form.serving
                )
        except StorageUnavailable:
            raise
        except NotIndexed as error:
            facts = SearchSerializer(search, context=context).data
            reason = str(error)
            if search.error_code not in ImageError.MESSAGES:
                reason = told_reason(request.user, error.state, reason)
            facts |= {"state": error.state, "reason": reason}
            waits = error.state == WorkItem.State.PENDING
            return Response(facts, headers={"Retry-After": "1"} if waits else None)
        return Response(serialize_answer(answer, context))


class CompareView(ApiView):
    """The distance between two artworks."""

    serializer_class = ComparisonSerializer

    def known_parameters(self) -> Collection[str]:
        return ("a", "b", *WEIGHTS)

    @describe(
        operation_id="compareArtworks",
        summary="Compare two artworks",
        parameters=[
            OpenApiParameter("a", KEY_SCHEMA, required=True, description="The id of an artwork."),
            OpenApiParameter(
                "b", KEY_SCHEMA, required=True, description="The id of another artwork."
            ),
            *WEIGHT_PARAMETERS,
            *CONDITIONS,
        ],
        responses=with_problems(
            {200: ComparisonSerializer, **NOT_MODIFIED}, 400, 401, 403, 404, 409, 503
        ),
    )
    def get(self, request: Request) -> Response:
        missing = [name for name in ("a", "b") if not request.query_params.get(name)]
        if missing:
            raise ValidationError({name: [_("Enter the id of an artwork.")] for name in missing})
        form = read_form(request)
        a, b = (self.find_artwork(request.query_params[name]) for name in ("a", "b"))
        return Response(
            self.get_serializer(compare_artworks(a, b, form.options(), form.serving)).data
        )
