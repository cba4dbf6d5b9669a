"""ETags: what a client has already is not sent again, and what changed meanwhile not written over.

A tag is a hash of the answer, so it follows from everything that the caller may see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

#: The headers of a request on which an answer depends.
VARY = ("Accept", "Accept-Language", "Authorization", "Cookie")
_TAG = {"type": "string", "maxLength": 1000}

ETAG = OpenApiParameter(
    "ETag", str, location=OpenApiParameter.HEADER, response=[200], description="Tag of the answer."
)
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    _TAG,
    location=OpenApiParameter.HEADER,
    description="The `ETag` of an earlier answer. The response is 304, without a body, if the "
    "answer is still the same.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    _TAG,
    location=OpenApiParameter.HEADER,
    description="The `ETag` of the artwork as it was read, with all fields. The response is 412, "
    "and nothing changes, if it has changed since.",
)
CONDITIONS = [IF_NONE_MATCH, ETAG]


class Changed(APIException):
    """A request to change what is no longer as the client read it."""

    status_code = 412
    default_code = "precondition_failed"


class ConditionalMixin:
    """A view whose answers for reading have a tag; 304 replaces the one that the caller has."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        reading = request.method in SAFE_METHODS and request.method != "OPTIONS"
        if reading and isinstance(response, Response) and response.status_code == 200:
            response.add_post_render_callback(partial(_tag, request))
        return response


def tag_of(content: bytes) -> str:
    """Return the ETag of an answer."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def require_match(request: Request, render: Callable[[], bytes]) -> None:
    """Raise Changed unless ``If-Match`` of a request, if any, names what is rendered now."""
    header = request.headers.get("If-Match")
    if header is None:
        return
    if not _is_among(tag_of(render()), header):
        raise Changed(_("This artwork was changed meanwhile. Read it again before you change it."))


def _tag(request: Request, response: Any) -> HttpResponse | None:
    patch_vary_headers(response, VARY)
    known = getattr(request.user, "is_authenticated", False)
    # A shared cache cannot know who may see what; a private one may ask by the tag.
    patch_cache_control(response, private=True, **{"no_store" if known else "no_cache": True})
    response["ETag"] = tag_of(response.content)
    if not _is_among(response["ETag"], request.headers.get("If-None-Match", "")):
        return None
    same = HttpResponseNotModified()
    for name in ("Cache-Control", "ETag", "Vary"):
        same[name] = response[name]
    return same


def _is_among(tag: str, header: str) -> bool:
    """Return whether a header names a tag, also as a server that compresses answers weakens it."""
    tags = {each.removeprefix("W/") for each in parse_etags(header)}
    return bool(tags & {tag, "*"})
