"""The core's error messages in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from .core.errors import CoreError


class WorkError(CoreError):
    """A failure in a worker that is not caused by the contents of the file."""

    MESSAGES = {
        "file_missing": gettext_noop("The image file is missing from storage (%(name)s)."),
        "worker_stopped": gettext_noop(
            "The worker stopped %(attempts)d times while indexing this image."
        ),
        "unexpected": gettext_noop("%(kind)s: %(reason)s"),
    }


def localize(error: CoreError) -> str:
    """Return an error of the core in the reader's language."""
    return gettext(error.MESSAGES[error.code]) % error.params


def translate_error(code: str, params: Mapping[str, Any], english: str) -> str:
    """Return a stored error in the reader's language; an unknown code keeps the English text."""
    for kind in (*CoreError.__subclasses__(),):
        if code in kind.MESSAGES:
            return gettext(kind.MESSAGES[code]) % params
    return english


def translate_note(code: str) -> str:
    """Return the note on how a picture was read in the reader's language, empty for most."""
    if code == "first_frame":
        return gettext("This is an animated image; only its first frame is used.")
    return code
