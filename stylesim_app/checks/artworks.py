"""Checks of the artwork model: its fields, who sees it, and its audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import models

from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..work import audit


@register()
def check_artwork_model(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    try:
        model = get_artwork_model()
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint="Set STYLESIM_ARTWORK_MODEL to an installed model, as app_label.Model.",
                id="stylesim_app.E001",
            )
        ]
    name = conf.artwork_image_field
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        field = None
    if not isinstance(field, models.FileField):
        return [
            Error(
                f"STYLESIM_ARTWORK_IMAGE_FIELD is {name!r}, but {conf.artwork_model} has no image "
                "field with that name.",
                hint="Set it to the ImageField or FileField that holds the picture.",
                id="stylesim_app.E002",
            )
        ]
    if check_artwork_adapter(app_configs):
        return []
    if not (adapter().field("is_public") is not None) and not hasattr(
        settings, "STYLESIM_VISIBLE_ARTWORKS"
    ):
        return [
            checks.Warning(
                f"{conf.artwork_model} has no is_public field, so only staff can see artworks.",
                hint="Set STYLESIM_VISIBLE_ARTWORKS to a callable from request to queryset.",
                id="stylesim_app.W001",
            )
        ]
    return []


@register()
def check_artwork_adapter(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    try:
        adapter()
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint="Set it to the dotted path of a subclass of "
                "stylesim_app.collection.adapter.ArtworkAdapter.",
                id="stylesim_app.E011",
            )
        ]
    return []


@register()
def check_visibility_hook(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    try:
        hook = conf.visible_artworks
    except ImportError as error:
        reason = str(error)
    else:
        if callable(hook):
            return []
        reason = f"{hook!r} is not callable"
    return [
        Error(
            f"STYLESIM_VISIBLE_ARTWORKS cannot be used: {reason}.",
            hint="Set it to the dotted path of a callable from request to queryset.",
            id="stylesim_app.E003",
        )
    ]


@register()
def check_audit(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of an audit trail that cannot name who made a request."""
    middleware = "stylesim_app.views.audit.AuditMiddleware"
    if not audit.is_installed() or middleware in settings.MIDDLEWARE:
        return []
    return [
        checks.Warning(
            "django-auditlog is installed, but its entries do not name who changed an artwork.",
            hint=f'Add "{middleware}" to MIDDLEWARE, after AuthenticationMiddleware.',
            id="stylesim_app.W010",
        )
    ]
