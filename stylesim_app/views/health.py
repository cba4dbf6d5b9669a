"""Health of a web process, for load balancers and monitoring; no account is needed.

An answer names the parts that fail, and nothing else.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ..api.throttling import CallerThrottle
from ..index import health


class HealthThrottle(CallerThrottle):
    """A limit for each address on checks that ask the database and the storage."""

    scope = "stylesim_health"
    rate = "120/minute"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


@require_safe
@never_cache
def live(_request: HttpRequest) -> JsonResponse:
    """Answer that this process serves requests."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Answer whether database, migrations, storage and workers are as they should be."""
    throttle: Any = HealthThrottle()
    if not throttle.allow_request(request, None):
        seconds = max(1, round(throttle.wait() or 1))
        return JsonResponse(
            {"status": "throttled"}, status=429, headers={"Retry-After": str(seconds)}
        )
    if failing := health.failing():
        return JsonResponse({"status": "failed", "failing": failing}, status=503)
    return JsonResponse({"status": "ok"})
