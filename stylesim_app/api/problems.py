"""Errors in one shape: RFC 9457 problem details, whatever the host's REST_FRAMEWORK says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.settings import api_settings
from rest_framework.views import APIView, set_rollback

from ..collection.visibility import may
from ..exceptions import NotIndexed, StorageUnavailable
from ..models import WorkItem

#: Seconds after which a caller may try again while the storage is not available.
STORAGE_SECONDS = 60
CONTENT_TYPE = "application/problem+json"


def problem_response(
    status: int,
    detail: str,
    code: str,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> HttpResponse:
    """Build a response of type ``about:blank``.

    The title is the phrase of the status; ``code`` gives the exact cause. Django REST
    framework's own response could be rendered as YAML or HTML.
    """
    facts = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    # Quoted input may hold half a surrogate pair, which UTF-8 lacks.
    content = json.dumps(facts | members, ensure_ascii=False).encode(errors="backslashreplace")
    return HttpResponse(content, status=status, headers=headers, content_type=CONTENT_TYPE)


def handle_error(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Return an error as a problem response, or None for a fault of the program."""
    if isinstance(error, StorageUnavailable):
        reason = told_storage(context["request"].user, error)
        headers = {"Retry-After": str(STORAGE_SECONDS)}
        response = problem_response(503, reason, "storage_unavailable", headers)
    elif isinstance(error, NotIndexed):
        reason = told_reason(context["request"].user, error.state, str(error))
        response = problem_response(409, reason, "not_indexed", state=error.state)
    elif isinstance(error, RequestDataTooBig):
        response = problem_response(
            413, _("The form fields are too large. Send less text with the file."), "too_large"
        )
    elif isinstance(error, SuspiciousOperation):
        response = problem_response(400, _("The request could not be read."), "parse_error")
    elif isinstance(error, exceptions.ValidationError):
        response = problem_response(
            error.status_code,
            _("Some values are invalid; see “errors” for details."),
            "invalid",
            errors=_flatten(error.detail),
        )
    else:
        known = _as_api_error(error)
        if known is None:
            return None
        response = problem_response(
            known.status_code,
            f"{_as_sentence(str(known.detail))} {_hint(known, context['view'])}".strip(),
            str(known.get_codes()),
            headers=dict(_headers(known)),
            **getattr(known, "members", {}),
        )
    set_rollback()
    return response


def told_reason(user: Any, state: str, reason: str) -> str:
    """Return why something is not indexed: in full for staff, in general terms for others.

    A reason can name files and folders of the server.
    """
    if may(user, "view"):
        return reason
    return {
        WorkItem.State.PENDING.value: _(
            "It is waiting to be indexed. Please try again in a moment."
        ),
        WorkItem.State.FAILED.value: _("It could not be indexed. Staff can see the reason."),
    }.get(state, reason)


def told_storage(user: Any, error: StorageUnavailable) -> str:
    """Return why the storage is not available: in full for staff, in general terms for others."""
    return told_storages(user, [str(error)])[0]


def told_storages(user: Any, problems: Sequence[str]) -> Sequence[str]:
    """Return what is wrong with the storages: in full for staff, in general terms for others."""
    if not problems or may(user, "view"):
        return problems
    return [_("The storage of this site cannot be reached at the moment. Please try again later.")]


def _as_sentence(text: str) -> str:
    """Add the full stop that some messages of Django REST framework lack."""
    return text if text.endswith((".", "。", "!", "?")) else f"{text}."


def _as_api_error(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, DjangoPermissionDenied):
        return exceptions.PermissionDenied()
    return error if isinstance(error, exceptions.APIException) else None


def _headers(error: exceptions.APIException) -> Iterator[tuple[str, str]]:
    """Yield the headers that Django REST framework notes on an error."""
    if challenge := getattr(error, "auth_header", None):
        yield "WWW-Authenticate", challenge
    if link := getattr(error, "link", None):
        yield "Link", link
    if wait := getattr(error, "wait", None):
        yield "Retry-After", str(ceil(wait))


def _hint(error: exceptions.APIException, view: APIView) -> str:
    """Return what to do about an error, or an empty string if its message is enough."""
    match error:
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return _("Log in, or send an API token.")
        case exceptions.PermissionDenied() if str(error.detail).startswith("CSRF"):
            return _("Send the session's CSRF token in the X-CSRFToken header.")
        case exceptions.PermissionDenied() if error.get_codes() == "permission_denied":
            return _("Ask an administrator for permission.")
        case exceptions.MethodNotAllowed():
            return _("Allowed methods: %(names)s.") % {"names": ", ".join(view.allowed_methods)}
        case exceptions.UnsupportedMediaType():
            names = [parser.media_type for parser in view.parser_classes]
            return _("Accepted types: %(names)s.") % {"names": ", ".join(map(str, names))}
        case exceptions.NotAcceptable():
            names = [renderer.media_type for renderer in view.renderer_classes]
            return _("Available types: %(names)s.") % {"names": ", ".join(map(str, names))}
        case exceptions.ParseError():
            return _("Check that the body matches its Content-Type.")
    return ""


def _flatten(detail: Any) -> dict[str, list[str]]:
    """Return messages by field name; list items and nested fields are named ``name.inner``."""
    if not isinstance(detail, Mapping):
        detail = {api_settings.NON_FIELD_ERRORS_KEY: detail}
    errors: dict[str, list[str]] = {}
    for name, messages in detail.items():
        if isinstance(messages, Mapping):
            errors |= {f"{name}.{inner}": rest for inner, rest in _flatten(messages).items()}
        else:
            errors[str(name)] = [str(message) for message in messages]
    return errors
