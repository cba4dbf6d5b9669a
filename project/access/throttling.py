"""The limit of public tokens, which everybody can read in a web page."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from stylesim_app.api.throttling import CallerThrottle

from .models import ApiToken


class PublicTokenThrottle(CallerThrottle):
    """``PUBLIC_TOKEN_THROTTLE`` for each address that uses a public token."""

    scope = "public_token"

    def get_rate(self) -> str:
        return str(settings.PUBLIC_TOKEN_THROTTLE)

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        token = request.auth
        if not isinstance(token, ApiToken) or not token.is_public:
            return None
        ident = f"{token.digest[:32]}-{self.get_ident(request)}"
        return self.cache_format % {"scope": self.scope, "ident": ident}
