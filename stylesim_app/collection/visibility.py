"""Visibility of artworks: one hook, used by pages, API, images and rankings."""

from __future__ import annotations

import copy
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest

from ..conf import conf
from .adapter import adapter


def visible_artworks(request: HttpRequest) -> QuerySet[Any]:
    """Return the artworks that the caller may see, by ``STYLESIM_VISIBLE_ARTWORKS``."""
    return conf.visible_artworks(request)


def is_public(request: Any, artwork: Any) -> bool:
    """Return whether a visitor without an account may see an artwork that the caller sees."""
    if not request.user.is_authenticated:
        return True
    # Not the request of Django REST framework, which hands its user on.
    visitor = copy.copy(getattr(request, "_request", request))
    visitor.user = AnonymousUser()
    return bool(visible_artworks(visitor).filter(pk=artwork.pk).exists())


def sees_all(request: HttpRequest) -> bool:
    """Return whether the caller may see every artwork, and so the figures of all of them."""
    return bool(visible_artworks(request).count() == adapter().model._default_manager.count())


def public_or_staff(request: HttpRequest) -> QuerySet[Any]:
    """Return the artworks that the adapter shows the caller; the default hook."""
    return adapter().visible_to(request)


def may(user: Any, action: str) -> bool:
    """Return whether staff may ``view``, ``add``, ``change`` or ``delete`` artworks."""
    return adapter().may(user, action)


def may_index(user: Any) -> bool:
    """Return whether the user may request that artworks be indexed again."""
    return bool(user.has_perm("stylesim_app.change_indexentry"))
