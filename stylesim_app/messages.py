"""The core's error messages in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from .core.errors import CoreError

#: Every message that may be stored with a work item, so that makemessages finds it. The core,
#: which knows no Django, holds the same sentences; a test compares them.
TRANSLATED = (
    gettext_noop("The file is empty."),
    gettext_noop("The file has %(megabytes).1f MB; at most %(limit).0f MB are accepted."),
    gettext_noop("The file is not an image in one of these formats: %(formats)s."),
    gettext_noop(
        "The image has %(width)d x %(height)d pixels; at most %(limit)d million are accepted."
    ),
    gettext_noop("The image declares more pixels than can be opened safely."),
    gettext_noop("The image is damaged or cut short and cannot be decoded (%(reason)s)."),
    gettext_noop("There is no weights file at %(path)s."),
    gettext_noop("Weights must be a .safetensors or .pth file, not %(path)s."),
    gettext_noop(
        "The weights file %(path)s cannot be read; it is cut short or not what its name says "
        "(%(reason)s)."
    ),
    gettext_noop(
        "The weights file %(path)s holds more than tensors and is refused, because loading it "
        "could run code (%(reason)s)."
    ),
    gettext_noop("The weights file %(path)s is not a VGG19 in torchvision's names: %(reason)s."),
    gettext_noop("The weights file %(path)s holds NaN or infinite numbers."),
    gettext_noop(
        "The file of the weights that ship with the app, %(path)s, is damaged: its SHA-256 is "
        "%(actual)s, expected %(expected)s. Install the package again."
    ),
    gettext_noop(
        "The imagenet weights could not be downloaded (%(reason)s). Without internet access, "
        "put %(file)s into %(folder)s by hand, name the path of a weights file, or use "
        "the paintings weights, which need no download."
    ),
    gettext_noop("The descriptor file is missing from storage."),
    gettext_noop("The descriptor file is damaged (%(reason)s)."),
    gettext_noop("The file is damaged: its checksum is not that of what was stored."),
    gettext_noop("The descriptor holds NaN or infinite numbers."),
    gettext_noop("Descriptors of different provenance cannot be compared (%(left)s, %(right)s)."),
    gettext_noop("There is no preset %(preset)r; choose one of %(presets)s."),
    gettext_noop("%(name)s must be a finite number, not %(value)r."),
    gettext_noop("%(name)s must not be negative, but is %(value)s."),
    gettext_noop("%(name)s must be at most %(limit)g, but is %(value)g."),
    gettext_noop("style_weight and content_weight must not both be zero."),
    gettext_noop("At least one layer weight must be above zero."),
    gettext_noop("layer_weights needs %(expected)d numbers, got %(actual)d."),
    gettext_noop(
        "The preset balanced needs a calibration of the collection, which is made as soon as "
        "%(minimum)d works are indexed."
    ),
    gettext_noop("The image file is missing from storage (%(name)s)."),
    gettext_noop("The worker stopped %(attempts)d times while it described this image."),
    gettext_noop("%(kind)s: %(reason)s"),
)


class WorkError(CoreError):
    """What can go wrong in a worker beyond the file itself."""

    MESSAGES = {
        "file_missing": "The image file is missing from storage (%(name)s).",
        "worker_stopped": "The worker stopped %(attempts)d times while it described this image.",
        "unexpected": "%(kind)s: %(reason)s",
    }


def localize(error: CoreError) -> str:
    """An error of the core in the reader's language."""
    return gettext(error.MESSAGES[error.code]) % error.params


def translate_error(code: str, params: Mapping[str, Any], english: str) -> str:
    """A stored error in the reader's language; one whose code is unknown stays as it was."""
    for kind in (*CoreError.__subclasses__(),):
        if code in kind.MESSAGES:
            return gettext(kind.MESSAGES[code]) % params
    return english


def translate_note(code: str) -> str:
    """What a reader should know of how a picture was read; empty for most."""
    if code == "first_frame":
        return gettext("The file is an animation; its first frame was described.")
    return code
