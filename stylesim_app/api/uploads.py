"""Uploads of files that a visible artwork has already."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from ..collection.adapter import adapter
from ..collection.visibility import visible_artworks
from ..conf import conf
from ..work import known_files, trash
from .base import Duplicate
from .parameters import FlagField
from .serializers import absolute_address

ALLOW_DUPLICATE = "allow_duplicate"
ALLOW_DUPLICATE_PARAMETER = OpenApiParameter(
    ALLOW_DUPLICATE,
    bool,
    default=False,
    description="Create the artwork even if a visible artwork has the same file.",
)


def create(serializer: Any, request: Request) -> Any:
    """Save a new artwork, and return the visible artwork that has the same file, or None.

    Raises Duplicate if there is one, unless the request allows it.
    """
    upload = serializer.validated_data.get(conf.artwork_image_field)
    anyway = _read_flag(request)
    if not upload:
        serializer.save()
        return None
    added, known = known_files.add_unless_known(
        upload,
        serializer.save,
        visible_artworks(request),
        anyway=anyway,
        in_trash=trash.works_known_to(request),
    )
    if getattr(known, "trashed_at", None) is not None:
        if added is not None:
            return None
        raise Duplicate(
            _(
                "Artwork %(id)s in the trash has the same file. Restore it, or send "
                "allow_duplicate=true to add the file as a new work."
            )
            % {"id": known.pk},
            {"artwork": {"id": _as_json(known.pk), "url": None}},
        )
    if added is None:
        context = serializer.context
        raise Duplicate(
            _("Artwork %(id)s has the same file. Send allow_duplicate=true to add it anyway.")
            % {"id": known.pk},
            {"artwork": {"id": _as_json(known.pk), "url": _page_of(known, context)}},
            link_to(known, context),
        )
    return known


def find_duplicate(artwork: Any, sha256: str, request: Request) -> Any:
    """Return another visible artwork whose file has these bytes, or None."""
    others = visible_artworks(request).exclude(pk=artwork.pk)
    return known_files.works_with(sha256, others).first()


def link_to(artwork: Any, context: Mapping[str, Any]) -> str:
    """Return the ``Link`` header that names a byte-for-byte identical resource (RFC 6249)."""
    path = partial(reverse, "stylesim-api:artwork-detail", args=[artwork.pk])
    return f'<{absolute_address(context, path)}>; rel="duplicate"'


def _as_json(key: Any) -> Any:
    """Return a primary key as the API gives it."""
    return key if isinstance(key, int) else str(key)


def _page_of(artwork: Any, context: Mapping[str, Any]) -> str | None:
    return absolute_address(context, partial(adapter().url, artwork))


def _read_flag(request: Request) -> bool:
    try:
        return bool(FlagField(required=False).clean(request.query_params.get(ALLOW_DUPLICATE)))
    except DjangoValidationError as error:
        raise ValidationError({ALLOW_DUPLICATE: error.messages}) from error
