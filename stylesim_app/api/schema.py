"""Parts of the OpenAPI schema that are not derived from the views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.functional import lazy
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from ..collection.filters import MAX_ORDERINGS
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..core.descriptors import STYLE_LAYERS
from ..core.distances import DEFAULT_PRESET, MAX_WEIGHT, PRESETS
from ..ranking import lanes
from ..ranking.options import COPIES, CUSTOM
from ..ranking.results import RankedAnswer
from ..ranking.same_picture import SamePictures
from ..selections.finding import MAX_REFERENCE
from ..views.forms import DEFAULT_LIMIT, MAX_NUMBERS_TEXT
from ..views.within import WITHIN
from .base import MAX_KEY, ApiMixin, ApiSchema
from .problems import CONTENT_TYPE

_MEANING = {
    400: "Some values are invalid; `errors` lists them.",
    401: "Missing or invalid credentials.",
    403: "Permission denied, or the CSRF token or a scope is missing.",
    404: "Not found, or not visible to the caller.",
    409: "Not indexed yet; see `state`.",
    410: "Gone, or too long ago to tell; see `code`.",
    412: "The artwork has changed since it was read.",
    411: "The length of the body is missing.",
    413: "The body is too large.",
    415: "The content type of the body is not accepted.",
    422: "The `Idempotency-Key` was sent before with another request.",
    429: "Too many requests; try again after `Retry-After` seconds.",
    503: "The storage cannot be used at the moment.",
}


JSON = "application/json"
#: The answer to a caller who has it already.
NOT_MODIFIED = {304: OpenApiResponse(description="Unchanged since the `ETag` that was sent.")}


class KnownArtworkSerializer(serializers.Serializer[Any]):
    """The artwork that a problem is about."""

    def get_fields(self) -> dict[str, Any]:
        return {
            "id": serializers.ModelField(model_field=get_artwork_model()._meta.pk, read_only=True),
            "url": serializers.CharField(allow_null=True, help_text="Its page, if it has one."),
        }


class ProblemSerializer(serializers.Serializer[Any]):
    """An error, as RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="The kind of error, for programs.")
    detail = serializers.CharField(help_text="What went wrong, and what to do.")
    errors = serializers.DictField(  # type: ignore[assignment]  # what RFC 9457 calls it
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Messages by parameter or field.",
    )
    state = serializers.CharField(
        required=False, help_text="The index state of a work that is not indexed."
    )
    artwork = KnownArtworkSerializer(
        required=False, help_text="The artwork that has the same file."
    )


def with_problems(
    answers: dict[Any, Any], *statuses: int, conflict: str = _MEANING[409]
) -> dict[Any, Any]:
    """Return the responses of an operation, with its errors.

    ``conflict`` is the meaning of 409 in this operation.
    """
    meaning = {**_MEANING, 409: conflict}
    problems = {
        (status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description=meaning[status])
        for status in statuses
    }
    return {**answers, **problems}


def describe(**facts: Any) -> Callable[[Any], Any]:
    """Return ``extend_schema`` that uses the app's schema class, whatever the host's default is."""

    def decorate(method: Any) -> Any:
        method.kwargs = {"schema": ApiSchema}
        return extend_schema(**facts)(method)

    return decorate


_SECONDS = {
    "schema": {"type": "integer", "minimum": 0},
    "description": "Seconds after which to try again.",
}


def header(name: str, description: str, *statuses: int, kind: Any = str) -> OpenApiParameter:
    """Return a header of the responses with these statuses."""
    return OpenApiParameter(
        name,
        kind,
        location=OpenApiParameter.HEADER,
        description=description,
        response=list(statuses),
    )


RETRY_AFTER = "Seconds after which to look again."


def _lane_names() -> tuple[str, ...]:
    return tuple(lane.name for lane in lanes.registered())


KEY_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_KEY}
_WEIGHT = {"type": "number", "format": "double", "minimum": 0, "maximum": MAX_WEIGHT}
_NUMBERS = {"type": "string", "maxLength": MAX_NUMBERS_TEXT}
WEIGHT_PARAMETERS = [
    OpenApiParameter(
        "preset",
        str,
        enum=(*PRESETS, COPIES, CUSTOM),
        default=DEFAULT_PRESET,
        description="What to compare by; custom needs style_weight, content_weight or both.",
    ),
    OpenApiParameter("style_weight", _WEIGHT, description="Replaces the preset's; zero or more."),
    OpenApiParameter("content_weight", _WEIGHT, description="Replaces the preset's; zero or more."),
    OpenApiParameter(
        "layer_weights",
        _NUMBERS,
        description=f"Five numbers separated by commas, for {', '.join(STYLE_LAYERS)}.",
    ),
]
RANKING_PARAMETERS = [
    OpenApiParameter(
        "lane",
        str,
        # An app after this one may register a lane.
        enum=lazy(_lane_names, tuple)(),
        default=RankedAnswer.lane,
        description="How to compare. Presets and weights belong to the measure, layer weights to "
        "artist_style too.",
    ),
    OpenApiParameter(
        "region",
        _NUMBERS,
        description="In the lane regions, the part of the query to search for: left, top, width "
        "and height, each from 0 to 1, separated by commas.",
    ),
    *WEIGHT_PARAMETERS,
    OpenApiParameter(
        "limit",
        {"type": "integer", "minimum": 1, "default": DEFAULT_LIMIT},
        description="Number of results.",
    ),
    OpenApiParameter(
        "exclude_same_artist",
        bool,
        default=False,
        description="Exclude works by the artist of the query.",
    ),
    OpenApiParameter(
        WITHIN,
        {"type": "string", "maxLength": MAX_REFERENCE},
        description="Rank only the works of a set: its ID, or the token of its link.",
    ),
]


#: Headers of errors, by status.
_ERROR_HEADERS = {
    "401": {
        "WWW-Authenticate": {"schema": {"type": "string"}, "description": "The scheme to use."}
    },
    "429": {"Retry-After": _SECONDS},
    "503": {"Retry-After": _SECONDS},
}


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return a schema with what depends on the settings, or what no annotation gives."""
    _add_bounds(result)
    for path in result["paths"].values():
        for operation in path.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
            for status, response in operation["responses"].items():
                if headers := _ERROR_HEADERS.get(status):
                    response["headers"] = {**response.get("headers", {}), **headers}
    schemas = result["components"]["schemas"]
    # ``fields`` may leave out the others.
    schemas["Artwork"]["required"] = ["id"]
    # Generated clients tell the kinds of ranked answers apart by these.
    for name, lane in (
        ("Similar", RankedAnswer.lane),
        ("SearchAnswer", RankedAnswer.lane),
        ("SamePictures", SamePictures.lane),
    ):
        schemas[name]["properties"]["lane"] = {"type": "string", "enum": [lane]}
    return result


def _add_bounds(result: dict[str, Any]) -> None:
    bounds = {
        "limit": {"maximum": conf.max_results},
        "ordering": {"maxItems": MAX_ORDERINGS, "uniqueItems": True},
    }
    for path in result["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    parameter["schema"].update(bounds.get(parameter["name"], {}))


def only_this_api(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Return the endpoints of this API, without those of the host."""
    return [endpoint for endpoint in endpoints if issubclass(endpoint[3].cls, ApiMixin)]
