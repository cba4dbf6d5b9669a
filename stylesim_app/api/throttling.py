"""Limits for each caller: searches by image, custom weights, facets, and passwords."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.core.cache import caches
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from ..conf import conf

#: Bits of an IPv6 address that one caller cannot change: connections get networks of this size.
IPV6_PREFIX = 64
#: Query parameters of weights for which no list of neighbours is kept.
CUSTOM_WEIGHTS = ("style_weight", "content_weight", "layer_weights")


def caller_address(request: Any) -> str:
    """Return the address of a caller; for IPv6, the network of one connection.

    ``X-Forwarded-For`` is trusted only if ``NUM_PROXIES`` gives the number of proxies that wrote
    it. Without an address, as behind a Unix socket, return an empty string.
    """
    address = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    if api_settings.NUM_PROXIES and forwarded:
        addresses = forwarded.split(",")
        address = addresses[-min(api_settings.NUM_PROXIES, len(addresses))].strip()
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, IPV6_PREFIX), strict=False).network_address)
    return str(parsed)


class CallerThrottle(SimpleRateThrottle):
    """A throttle that identifies anonymous callers by an address that they cannot forge."""

    @property
    def cache(self) -> Any:  # type: ignore[override]  # set once, for the default cache
        return caches[conf.throttle_cache]

    def get_ident(self, request: Any) -> str:
        return caller_address(request)

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class SearchThrottle(CallerThrottle):
    """``STYLESIM_SEARCH_THROTTLE`` for each user, or each address without an account."""

    scope = "stylesim_search"

    def get_rate(self) -> str:
        return conf.search_throttle

    def get_cache_key(self, request: Any, view: Any) -> str:
        user = request.user
        ident = user.pk if user.is_authenticated else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}


class VisitorThrottle(CallerThrottle):
    """A throttle of each address without an account."""

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        return None if request.user.is_authenticated else super().get_cache_key(request, view)


class FacetsThrottle(VisitorThrottle):
    """``STYLESIM_FACETS_THROTTLE``: facets count the collection several times."""

    scope = "stylesim_facets"

    def get_rate(self) -> str:
        return conf.facets_throttle


class CustomWeightsThrottle(VisitorThrottle):
    """``STYLESIM_CUSTOM_WEIGHTS_THROTTLE``.

    Such a ranking searches the collection, while others read a list.
    """

    scope = "stylesim_custom_weights"

    def get_rate(self) -> str:
        return conf.custom_weights_throttle

    def get_cache_key(self, request: Any, view: Any) -> str | None:
        custom = any(request.GET.get(name) for name in CUSTOM_WEIGHTS)
        return super().get_cache_key(request, view) if custom else None


class PasswordThrottle(CallerThrottle):
    """A throttle against guessing passwords: attempts of one address, whatever the account."""

    scope = "stylesim_password"
    rate = "20/minute"
