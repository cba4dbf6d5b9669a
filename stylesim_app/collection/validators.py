"""Validation of additional fields: values that every database can store and every page can show."""

from __future__ import annotations

import json
import math
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

MAX_DEPTH = 10
MAX_BYTES = 100_000


def validate_object(value: Any) -> None:
    """Raise ValidationError unless ``value`` is a JSON object that can be stored and shown.

    Texts are Unicode without U+0000, which PostgreSQL refuses; numbers are finite; objects and
    lists nest at most MAX_DEPTH deep, ``value`` included; as JSON it has at most MAX_BYTES.
    """
    if not isinstance(value, dict):
        raise ValidationError(_("Enter a JSON object of names and values."), code="no_object")
    _check(value, MAX_DEPTH)
    try:
        size = len(json.dumps(value, ensure_ascii=False).encode())
    except TypeError as error:
        raise ValidationError(_("Use only values that JSON supports."), code="no_json") from error
    if size > MAX_BYTES:
        raise ValidationError(
            _("Enter at most %(limit)d kB in total."),
            code="too_large",
            params={"limit": MAX_BYTES // 1000},
        )


def _check(value: Any, depth: int) -> None:
    """Validate a value that may hold ``depth`` levels of objects and lists."""
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValidationError(_("Use only finite numbers."), code="not_finite")
    elif isinstance(value, dict | list):
        if depth == 0:
            raise ValidationError(
                _("Nest objects and lists at most %(limit)d levels deep."),
                code="too_deep",
                params={"limit": MAX_DEPTH},
            )
        items = [*value, *value.values()] if isinstance(value, dict) else value
        for item in items:
            _check(item, depth - 1)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        is_unicode = False
    else:
        is_unicode = "\0" not in text
    if not is_unicode:
        raise ValidationError(
            _("Use valid Unicode text without the NUL character (U+0000)."), code="no_unicode"
        )
