"""The parameter ``fields``: answers with some of the fields of each artwork."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from .serializers import CHOSEN_FIELDS, artwork_serializer

FIELDS = "fields"


def _names() -> list[str]:
    return list(artwork_serializer()().get_fields())


def _schema() -> dict[str, Any]:
    names = _names()
    return {
        "type": "array",
        "items": {"type": "string", "enum": names},
        "maxItems": len(names),
        "uniqueItems": True,
    }


FIELDS_PARAMETER = OpenApiParameter(
    FIELDS,
    _schema(),
    explode=False,
    description="The fields of each artwork to answer with, separated by commas; `id` is always "
    "among them. All fields, unless sent. Only for reading: what is written is answered in full.",
)


def read_fields(request: Request) -> Collection[str] | None:
    """Return the fields that are asked for, or None for all. Raises ValidationError."""
    # Some generated clients repeat the parameter.
    texts = ",".join(request.query_params.getlist(FIELDS)).split(",")
    asked = [text.strip() for text in texts if text.strip()]
    if not asked:
        return None
    known = _names()
    if set(asked) - set(known) or len(asked) > len(known):
        reason = _("Available fields: %(names)s.") % {"names": ", ".join(known)}
        raise ValidationError({FIELDS: [reason]})
    return {"id", *asked}


class SparseMixin:
    """A view whose answers for reading have the fields of artworks that are asked for."""

    def get_serializer_context(self) -> dict[str, Any]:
        context: dict[str, Any] = super().get_serializer_context()  # type: ignore[misc]
        request = context.get("request")
        if request is not None and request.method in ("GET", "HEAD"):
            context[CHOSEN_FIELDS] = read_fields(request)
        return context
