"""Who may see which artworks: one hook, asked by pages, API, images and rankings."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest

from ..conf import conf
from .swapping import get_artwork_model, has_field


def visible_artworks(request: HttpRequest) -> QuerySet[Any]:
    """The artworks that the caller may see, by ``STYLESIM_VISIBLE_ARTWORKS``."""
    return conf.visible_artworks(request)


def public_or_staff(request: HttpRequest) -> QuerySet[Any]:
    """The default hook: staff who may view or change artworks see all, others what is public.

    Of a model without a field ``is_public`` nothing is public.
    """
    model = get_artwork_model()
    artworks: QuerySet[Any] = model._default_manager.all()
    if may(request.user, "view") or may(request.user, "change"):
        return artworks
    if not has_field("is_public"):
        return artworks.none()
    return artworks.filter(is_public=True)


def may(user: Any, action: str) -> bool:
    """Whether staff may ``view``, ``add``, ``change`` or ``delete`` artworks."""
    if isinstance(user, AnonymousUser) or not user.is_staff:
        return False
    options = get_artwork_model()._meta
    return bool(user.has_perm(f"{options.app_label}.{action}_{options.model_name}"))


def may_index(user: Any) -> bool:
    """Whether the user may ask for artworks to be indexed again."""
    return bool(user.has_perm("stylesim_app.change_indexentry"))
