"""Tokens: make one, and read the one of a request."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed

from .models import ApiToken, Scope, most_tokens

#: As Knox writes tokens.
_TOKEN = re.compile(rb"[0-9a-f]{64}")


def make_token(
    user: Any, name: str, scopes: Collection[str], lifetime: timedelta
) -> tuple[ApiToken, str]:
    """Store a token of a person and return it with its text, which is not stored.

    Raises ValidationError if the person has too many. Expired tokens are deleted.
    """
    ApiToken.objects.filter(user=user, expiry__lt=timezone.now()).delete()
    if ApiToken.objects.filter(user=user).count() >= most_tokens():
        raise ValidationError(
            _("You have %(count)d tokens, the most that is allowed. Revoke one first."),
            params={"count": most_tokens()},
        )
    ordered = [scope.value for scope in Scope if scope in scopes]
    token, text = ApiToken.objects.create(
        user, expiry=lifetime, name=name, scope_names=" ".join(ordered)
    )
    return token, text


class ApiTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # Knox has no types
    """Authentication by ``Authorization: Token ...``."""

    def authenticate_credentials(self, token: bytes) -> Any:
        # Knox fails on what is no text, and a database on U+0000.
        if not _TOKEN.fullmatch(token):
            raise AuthenticationFailed(_("Invalid token."))
        return super().authenticate_credentials(token)
