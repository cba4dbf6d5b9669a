"""Middleware: requests that are too large are refused, and private answers are not kept."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_cache_control
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from .api.problems import problem_response
from .conf import conf
from .views.refused import refused
from .views.uploads import refuse, wants_json

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: Bytes of the form fields of an upload, if the host does not limit them.
FORM_BYTES = 2_621_440
MEGABYTE = 1_000_000
TOO_LARGE = 413
#: A body of up to so many times the limit is read for its text, though its files are not kept.
READ_FOR_TEXT = 4


def most_bytes() -> int:
    """Return the length of the largest body: the largest file, and the fields of its form."""
    return int(conf.max_upload_mb * MEGABYTE) + (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or FORM_BYTES)


class BodyLimitMiddleware:
    """Refuse a request by the length of its body, before anything stores the body.

    The body of a person with an account is read if it is not much too large, so that the page can
    show again what was typed; its files are skipped. A body whose length is not given is refused
    too. Place it after ``AuthenticationMiddleware``: Django's own middleware reads a body only once
    all of them have seen the request.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = str(request.META.get("CONTENT_LENGTH") or "")
        if request.META.get("HTTP_TRANSFER_ENCODING") and not length:
            return self._refuse(
                request, 411, "length_required", _("Send the length of the request’s body.")
            )
        if length.isdecimal() and int(length) > most_bytes():
            reason = _("This is too large. A file may have at most %(limit)s MB.") % {
                "limit": number_format(f"{conf.max_upload_mb:g}")
            }
            return self._refuse(request, TOO_LARGE, "too_large", reason)
        return self.get_response(request)

    def _refuse(self, request: HttpRequest, status: int, code: str, reason: str) -> HttpResponse:
        if _is_for_api(request):
            return problem_response(status, reason, code)
        if wants_json(request):
            return refuse(status, reason, code)
        user = getattr(request, "user", None)
        known = user is not None and user.is_authenticated
        # Whoever has an account may have typed much.
        max_body = most_bytes() * READ_FOR_TEXT if known and status == TOO_LARGE else 1
        return refused(request, status, reason, max_body=max_body)


def _is_for_api(request: HttpRequest) -> bool:
    try:
        return request.path.startswith(reverse("stylesim-api:root"))
    except NoReverseMatch:
        return False


class NoStoreMiddleware:
    """Forbid browsers and proxies to keep what was answered to a caller with an account.

    Answers that have a ``Cache-Control`` already are left as they are. Place it before
    ``AuthenticationMiddleware``.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        known = user is not None and user.is_authenticated
        if known and not response.has_header("Cache-Control"):
            patch_cache_control(response, no_store=True, private=True)
        return response
