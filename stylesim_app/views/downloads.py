"""Downloads of pictures for visitors, as far as the site offers them."""

from __future__ import annotations

import io
import mimetypes
from pathlib import PurePosixPath
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ..collection.adapter import adapter
from ..conf import conf
from .file_names import attachment, readable_name
from .pictures import ThumbnailPending, read_thumbnail
from .ranking import visible_artwork

THUMBNAIL, ORIGINAL = "thumbnail", "original"
SIZE = "large"
#: Characters of an ending, without the dot.
_LONGEST_ENDING = 8


@require_safe
def download(request: HttpRequest, pk: str) -> HttpResponseBase:
    """Return the picture of a visible artwork as a file with a readable name.

    Raises Http404 where the site offers none, or the picture is missing.
    """
    artwork = visible_artwork(request, pk)
    if conf.downloads == THUMBNAIL:
        try:
            content = read_thumbnail(artwork, SIZE)
        except ThumbnailPending:
            said = _("The picture is being prepared. Please try again in a moment.")
            messages.info(request, said)
            return redirect("stylesim:artwork", artwork.pk)
        if content is None:
            raise Http404
        return _as_file(io.BytesIO(content), "image/jpeg", name_of(artwork, "jpg"))
    if conf.downloads != ORIGINAL or not adapter().image(artwork):
        raise Http404
    try:
        file = adapter().image(artwork).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    ending = PurePosixPath(str(adapter().image(artwork).name)).suffix.lower().lstrip(".")
    kind = mimetypes.guess_type(f"a.{ending}")[0] or "application/octet-stream"
    ending = ending if ending.isascii() and ending.isalnum() else ""
    return _as_file(file, kind, name_of(artwork, ending[:_LONGEST_ENDING] or "bin"))


def is_offered(artwork: Any) -> bool:
    """Return whether the page of an artwork offers its picture."""
    return conf.downloads in (THUMBNAIL, ORIGINAL) and bool(adapter().image(artwork))


def name_of(artwork: Any, ending: str) -> str:
    """Return the name of the file: artist, title and accession number."""
    known = adapter()
    artist, number = (known.value(artwork, fact) for fact in ("artist", "accession_number"))
    parts = [str(artist or ""), known.title(artwork), str(number or "")]
    return readable_name(parts, ending, fallback="artwork")


def _as_file(file: Any, kind: str, name: str) -> FileResponse:
    response = FileResponse(file, content_type=kind)
    response["Content-Disposition"] = attachment(name)
    response["X-Content-Type-Options"] = "nosniff"
    # The artwork may be hidden, and its picture replaced, at any time.
    patch_cache_control(response, private=True, max_age=0)
    return response
