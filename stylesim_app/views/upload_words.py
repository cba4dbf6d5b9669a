"""Limits of uploads, and the words that scripts of upload pages show."""

from __future__ import annotations

from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ..collection.fields import image_limits
from ..core.image_file import FORMATS
from ..importing.sources import system_files


def limits() -> dict[str, Any]:
    """Return the limits of a file: as numbers for scripts, and in words for people."""
    most = image_limits()
    return {
        "bytes": most.max_bytes,
        "pixels": most.max_pixels,
        "megabytes": number_format(f"{most.max_bytes / 1e6:g}"),
        "pixel_words": pixel_words(most.max_pixels),
        "endings": " ".join(f".{each}" for endings in FORMATS.values() for each in endings),
    }


def pixel_words(pixels: int) -> str:
    """Return a number of pixels as the reader's language writes it."""
    unit = int(pgettext("pixels in the unit of “%(count)s megapixels”, as digits", "1000000"))
    return _("%(count)s megapixels") % {"count": number_format(f"{pixels / unit:.4g}")}


def words() -> dict[str, Any]:
    """Return what scripts need to know and to say, in the reader's language."""
    most = limits()
    return {
        "limits": {name: most[name] for name in ("bytes", "pixels", "endings")},
        "system": {
            "folders": sorted(system_files.FOLDERS),
            "files": sorted(system_files.FILES),
        },
        "required": _("This field is required."),
        "noFile": _("Choose a picture first."),
        "oneOnly": _("Choose one picture only; {count} were dropped here. Nothing was changed."),
        "empty": _("The file is empty."),
        "tooLarge": _("The file is too large: {megabytes} MB. The limit is %(limit)s MB.")
        % {"limit": most["megabytes"]},
        "tooManyPixels": _(
            "The image is too large: {width} × {height} pixels. The limit is %(limit)s."
        )
        % {"limit": most["pixel_words"]},
        "noPicture": _("The file is not a picture in one of the accepted formats."),
        "unreadable": _("The browser cannot read this file any more. Choose it again."),
        "lost": _("The connection to the site was lost."),
        "signedOut": _("You are signed out. Sign in again in another window, then try again."),
        "failed": _("The site could not save this file ({status})."),
        "checkFields": _("Nothing was saved yet. Please correct the fields marked below."),
        "leftOut": _("Left out, because they are not pictures: {names}"),
        "chosen": _("Files chosen: {count}."),
        "uploadOne": _("Save and index"),
        "uploadMany": _("Upload and index all ({count})"),
        "progress": _("Finished: {done} of {count}."),
        "busy": _("The site is busy. Uploading goes on in {seconds} s."),
        "stopped": _("Uploading stopped. Please correct the fields marked below."),
        "finished": _(
            "Finished. Added: {added}. Already in the collection: {known}. Not added: {refused}."
        ),
        "waiting": _("Waiting"),
        "sending": _("Uploading"),
        "added": _("Added:"),
        "known": _("The collection already has this file:"),
        "trashed": _("This file is in the trash:"),
        "again": _("Try again"),
        "anyway": _("Add it anyway"),
        "remove": _("Remove"),
        "file": _("{action}: {name}"),
    }
