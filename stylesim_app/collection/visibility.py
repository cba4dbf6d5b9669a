"""Visibility of artworks: one hook, used by pages, API, images and rankings."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from ..conf import conf
from .adapter import adapter

#: The attribute of a request that keeps whether its caller sees all artworks.
_SEES_ALL = "_stylesim_sees_all"


def visible_artworks(request: HttpRequest) -> QuerySet[Any]:
    """Return the artworks that the caller may see, by ``STYLESIM_VISIBLE_ARTWORKS``."""
    return conf.visible_artworks(request)


def sees_all(request: HttpRequest) -> bool:
    """Return whether the caller may see every artwork, and so the figures of all of them.

    It is counted once a request.
    """
    known = vars(request)
    if _SEES_ALL not in known:
        total = adapter().model._default_manager.count()
        known[_SEES_ALL] = visible_artworks(request).count() == total
    return bool(known[_SEES_ALL])


def request_by(user: Any) -> HttpRequest:
    """Return a request without cookies or parameters, for what a person may see at any time."""
    request = HttpRequest()
    request.method = "GET"
    request.user = user
    return request


def public_artworks() -> QuerySet[Any]:
    """Return the artworks that anyone may see, without an account."""
    return visible_artworks(request_by(AnonymousUser()))


def is_public(request: Any, artwork: Any) -> bool:
    """Return whether anyone may see an artwork: without an account, cookies or parameters."""
    # Not the request of Django REST framework, which hands its user on.
    visitor = copy(getattr(request, "_request", request))
    # A copy lacks it.
    visitor.resolver_match = getattr(request, "resolver_match", None)
    visitor.user = AnonymousUser()
    visitor.session = SessionBase()
    visitor.COOKIES = {}
    visitor.GET = QueryDict()
    secrets = ("HTTP_COOKIE", "HTTP_AUTHORIZATION", "QUERY_STRING")
    visitor.META = {name: each for name, each in request.META.items() if name not in secrets}
    # Computed from META when it is first read.
    vars(visitor).pop("headers", None)
    return bool(visible_artworks(visitor).filter(pk=artwork.pk).exists())


def public_or_staff(request: HttpRequest) -> QuerySet[Any]:
    """Return the artworks that the adapter shows the caller; the default hook."""
    return adapter().visible_to(request)


def may(user: Any, action: str) -> bool:
    """Return whether staff may ``view``, ``add``, ``change`` or ``delete`` artworks."""
    return adapter().may(user, action)


def may_index(user: Any) -> bool:
    """Return whether the user may request that artworks be indexed again."""
    return bool(user.has_perm("stylesim_app.change_indexentry"))
