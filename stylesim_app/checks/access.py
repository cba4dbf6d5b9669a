"""Checks of limits and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from ..conf import conf

#: Rates, by the name of the setting and the property that reads it.
THROTTLES = {
    "STYLESIM_SEARCH_THROTTLE": "search_throttle",
    "STYLESIM_CUSTOM_WEIGHTS_THROTTLE": "custom_weights_throttle",
    "STYLESIM_FACETS_THROTTLE": "facets_throttle",
}
#: Characters of a token that cannot be guessed.
SHORTEST_TOKEN = 20


@register()
def check_throttles(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    from rest_framework.throttling import SimpleRateThrottle

    class Probe(SimpleRateThrottle):
        rate = "1/min"

    messages: list[CheckMessage] = []
    for name, attribute in THROTTLES.items():
        rate = getattr(conf, attribute)
        try:
            Probe().parse_rate(rate)
        except (ValueError, KeyError, IndexError):
            messages.append(
                Error(
                    f"{name} is {rate!r}, which is not a rate.",
                    hint="Use a rate of Django REST framework, for example 30/minute.",
                    id="stylesim_app.E008",
                )
            )
    return messages


@register()
def check_throttle_cache(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of limits that each process would count for itself, or not at all.

    While a site is developed it has one process.
    """
    name = conf.throttle_cache
    if name not in settings.CACHES:
        return [
            Error(
                f"STYLESIM_THROTTLE_CACHE is {name!r}, which CACHES does not have.",
                hint="Set it to an alias of CACHES.",
                id="stylesim_app.E013",
            )
        ]
    backend = str(settings.CACHES[name]["BACKEND"])
    if settings.DEBUG or not backend.endswith(("LocMemCache", "DummyCache")):
        return []
    return [
        checks.Warning(
            f"The cache {name!r} is not shared between processes, so limits on searches and "
            "passwords are higher than set, or not kept.",
            hint="Set STYLESIM_THROTTLE_CACHE to an alias of a cache in the database, Redis or "
            "Memcached.",
            id="stylesim_app.W008",
        )
    ]


@register()
def check_metrics_token(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of a token that can be guessed."""
    if not conf.metrics_token or len(conf.metrics_token) >= SHORTEST_TOKEN:
        return []
    return [
        checks.Warning(
            f"STYLESIM_METRICS_TOKEN has fewer than {SHORTEST_TOKEN} characters.",
            hint="Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'.",
            id="stylesim_app.W009",
        )
    ]
