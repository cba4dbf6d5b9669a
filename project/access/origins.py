"""Origins of web pages: scheme, host and port, as a browser sends them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from corsheaders.signals import check_request_enabled
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from .models import ApiToken

#: Ports that browsers leave out.
_USUAL = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def parse_origin(text: str) -> str:
    """Return the origin of an address, as browsers write it. Raises ValidationError."""
    try:
        parts = urlsplit(text.strip().lower())
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in _USUAL or "@" in parts.netloc:
        raise ValidationError(
            _("“%(address)s” is not the address of a web site, such as https://www.example.org."),
            params={"address": text.strip()},
        )
    is_usual = port is None or port == _USUAL[parts.scheme]
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{port}"


def _host(name: str) -> str:
    """Return a host as it is sent. Raises ValueError."""
    if ":" in name:
        return f"[{name}]"
    found = name if name.isascii() else name.encode("idna").decode()
    if not _HOST.fullmatch(found):
        raise ValueError(name)
    return found


def connect() -> None:
    """Let pages of the sites that public tokens name read the API, without an entry in the
    settings."""
    check_request_enabled.connect(names_public_token, dispatch_uid="access")


def names_public_token(request: HttpRequest, **_kwargs: Any) -> bool:
    """Return whether a valid public token names the origin of a request to the API."""
    origin = request.headers.get("Origin", "").lower()
    if not origin or not re.match(settings.CORS_URLS_REGEX, request.path_info):
        return False
    tokens = ApiToken.objects.filter(is_public=True, user__is_active=True, origins__contains=origin)
    valid = tokens.filter(Q(expiry__isnull=True) | Q(expiry__gt=timezone.now()))
    return any(origin in token.allowed_origins for token in valid)
