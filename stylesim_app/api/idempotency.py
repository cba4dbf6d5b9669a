"""The header ``Idempotency-Key``, after the IETF draft of that name."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ..work import known_files, repeatable
from .base import AnswerRenderer, Conflict

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
#: Headers of an answer that are repeated with it.
_KEPT_HEADERS = ("Location", "Link", "Retry-After")

IDEMPOTENCY_PARAMETER = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
    location=OpenApiParameter.HEADER,
    description="A key of the client's own, for example a UUID. A repeated request with the same "
    "key gets the first answer again for 24 hours, or 410 if what it created is gone. Ignored "
    "without an account.",
)


REPLAYED_PARAMETER = OpenApiParameter(
    REPLAYED,
    bool,
    location=OpenApiParameter.HEADER,
    description="The answer is that of an earlier request with the same key.",
    response=[201, 202],
)


class KeyReused(APIException):
    """A key that was sent before with another request."""

    status_code = 422
    default_code = "idempotency_key_reused"


class UnderWay(Conflict):
    """A repeated request whose first is not answered yet."""

    default_code = "request_under_way"
    wait = 1


class AnswerOutdated(APIException):
    """A repeated request that made something which is gone by now."""

    status_code = 410
    default_code = "idempotency_key_outdated"


def answer_once(
    request: Request, endpoint: str, act: Callable[[], Response], made: QuerySet[Any]
) -> Response:
    """Return the response of ``act``, or the first one to the same request under its key.

    A request that fails changes nothing, and its key may be used again. Raises AnswerOutdated if
    what the first response describes, by its ``id``, is no longer among those ``made``.
    """
    key = _read_key(request)
    if key is None or not request.user.is_authenticated:
        return act()
    try:
        begun = repeatable.begin(request.user, endpoint, key, _fingerprint(request))
        if isinstance(begun, repeatable.Answer):
            return _replay(begun, made)
        return _carry_out(begun, act)
    except repeatable.KeyReused as error:
        raise KeyReused(
            _("This Idempotency-Key was sent with another request. Use a new key.")
        ) from error
    except repeatable.UnderWay as error:
        raise UnderWay(_("The first request with this key is still under way.")) from error


def _replay(answer: repeatable.Answer, made: QuerySet[Any]) -> Response:
    body = json.loads(answer.body)
    if not made.filter(pk=body["id"]).exists():
        raise AnswerOutdated(
            _("What this request created was deleted since. Send it with a new Idempotency-Key.")
        )
    return Response(body, status=answer.status, headers={**answer.headers, REPLAYED: "true"})


def _carry_out(attempt: repeatable.Attempt, act: Callable[[], Response]) -> Response:
    try:
        with transaction.atomic():
            response = act()
            headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
            body = AnswerRenderer().render(response.data).decode()
            attempt.finish(repeatable.Answer(response.status_code, headers, body))
    except BaseException:
        attempt.give_up()
        raise
    return response


def _read_key(request: Request) -> str | None:
    """Return the key without the quotes of a structured field, or None without the header."""
    value = request.headers.get(HEADER)
    if value is None:
        return None
    key = value.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not _KEY.fullmatch(key):
        raise ValidationError(
            {HEADER: [_("Send 1 to 255 printable ASCII characters without spaces.")]}
        )
    return key


def _fingerprint(request: Request) -> str:
    """Return a hash of what is asked: the parameters, the fields and the bytes of files.

    The boundaries of multipart data change with each request.
    """
    asked = [request.method, sorted(request.query_params.lists()), _content(request.data)]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _content(data: Any) -> Any:
    if not isinstance(data, MultiValueDict):
        return data
    return sorted([name, [_value(value) for value in values]] for name, values in data.lists())


def _value(value: Any) -> Any:
    return ["file", known_files.digest(value)] if isinstance(value, File) else value
