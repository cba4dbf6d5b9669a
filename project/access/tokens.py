"""Tokens: make one, and read the one of a request."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS

from .models import ApiToken, Scope, most_tokens

#: As Knox writes tokens.
_TOKEN = re.compile(rb"[0-9a-f]{64}")


def make_token(
    user: Any,
    name: str,
    scopes: Collection[str],
    lifetime: timedelta | None,
    *,
    public: bool = False,
    origins: Sequence[str] = (),
) -> tuple[ApiToken, str]:
    """Store a token of a person and return it with its text, which is not stored.

    Without a lifetime it is valid until it is revoked. A public one has the scope ``read`` alone.

    Raises ValidationError if the person has too many. Expired tokens are deleted.
    """
    ApiToken.objects.filter(user=user, expiry__lt=timezone.now()).delete()
    if ApiToken.objects.filter(user=user).count() >= most_tokens():
        raise ValidationError(
            _("You have %(count)d tokens, the most that is allowed. Revoke one first."),
            params={"count": most_tokens()},
        )
    allowed = {Scope.READ.value} if public else scopes
    token, text = ApiToken.objects.create(
        user,
        expiry=lifetime,
        name=name,
        scope_names=" ".join(scope.value for scope in Scope if scope in allowed),
        is_public=public,
        origins="\n".join(origins),
    )
    return token, text


class ApiTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # Knox has no types
    """Authentication by ``Authorization: Token ...``.

    The bearer of a public token is a visitor without an account.
    """

    def authenticate(self, request: Any) -> Any:
        found = super().authenticate(request)
        if found is None or not found[1].is_public:
            return found
        _check_page(request, found[1])
        return AnonymousUser(), found[1]

    def authenticate_credentials(self, token: bytes) -> Any:
        # Knox fails on what is no text, and a database on U+0000.
        if not _TOKEN.fullmatch(token):
            raise AuthenticationFailed(_("Invalid token."))
        return super().authenticate_credentials(token)


class PublicTokenRefused(PermissionDenied):
    """A request that a public token does not allow."""

    default_code = "public_token"


def _check_page(request: Any, token: ApiToken) -> None:
    """Raise PublicTokenRefused unless a page of an allowed site reads.

    A browser names the origin of the page, but for pages of this site. What is no browser can name
    any: the origins keep other sites from using a token, and no secret.
    """
    if request.method not in SAFE_METHODS:
        raise PublicTokenRefused(_("This token is for web pages, and can only read."))
    allowed = token.allowed_origins
    if not allowed or request.headers.get("Sec-Fetch-Site") == "same-origin":
        return
    if request.headers.get("Origin", "").lower() not in allowed:
        raise PublicTokenRefused(_("This token only works from web sites that it names."))
