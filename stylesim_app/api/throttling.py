"""Limits for each caller: searches by image, which use a worker's time, and passwords."""

from __future__ import annotations

from typing import Any

from rest_framework.settings import api_settings
from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle

from ..conf import conf


class CallerThrottle(SimpleRateThrottle):
    """A throttle that identifies anonymous callers by an address that they cannot forge.

    ``X-Forwarded-For`` is trusted only if ``NUM_PROXIES`` gives the number of proxies that wrote
    it.
    """

    def get_ident(self, request: Any) -> str:
        if api_settings.NUM_PROXIES is None:
            return str(request.META["REMOTE_ADDR"])
        return str(super().get_ident(request))


class SearchThrottle(CallerThrottle):
    """``STYLESIM_SEARCH_THROTTLE`` for each user, or each address without an account."""

    scope = "stylesim_search"

    def get_rate(self) -> str:
        return conf.search_throttle

    def get_cache_key(self, request: Any, view: Any) -> str:
        user = request.user
        ident = user.pk if user.is_authenticated else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}


class TokenThrottle(CallerThrottle, AnonRateThrottle):
    """A throttle against guessing passwords."""

    scope = "stylesim_token"
    rate = "10/minute"
