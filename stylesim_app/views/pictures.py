"""Pictures: served only to those who may see the work."""

from __future__ import annotations

import hashlib
import io
import mimetypes
import uuid
from pathlib import Path
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.templatetags.static import static
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from .. import files
from ..collection import thumbnails
from ..collection.adapter import adapter
from ..collection.visibility import is_public, visible_artworks
from ..conf import conf
from ..core.errors import DescriptorError, ImageError
from ..exceptions import StorageUnavailable
from ..ranking import image_search
from ..work import queue
from .ranking import visible_artwork

#: How long a browser keeps an original, and a picture whose address names its version.
DAY = 24 * 3600
WEEK = 7 * DAY
#: Seconds after which a client may ask again for a thumbnail that a worker makes.
RETRY_SECONDS = 5
#: Seconds that a page waits for a thumbnail that no worker has made yet.
SECONDS = 5


#: The drawing that stands for a picture, among the static files.
_PLACEHOLDER = "stylesim_app/placeholder.svg"


class ThumbnailPending(Exception):
    """A thumbnail that a worker is asked to make."""


@require_safe
def thumbnail(request: HttpRequest, pk: str, size: str) -> HttpResponseBase:
    """Serve a small version of an artwork."""
    return serve_thumbnail(request, visible_artwork(request, pk), size)


def serve_thumbnail(request: HttpRequest, artwork: Any, size: str) -> HttpResponseBase:
    """Return a small version of an artwork, or a placeholder, which browsers show too.

    The placeholder has status 404 for a picture that is missing or cannot be decoded, and 202 with
    ``Retry-After`` while a worker makes the thumbnail.
    """
    try:
        content = read_thumbnail(artwork, size)
    except ThumbnailPending:
        placeholder = _placeholder(202)
        placeholder["Retry-After"] = str(RETRY_SECONDS)
        return share_with_other_sites(request, artwork, placeholder)
    if content is None:
        return share_with_other_sites(request, artwork, _placeholder(404))
    current = request.GET.get("v") == thumbnails.version_of(artwork)
    picture = jpeg_response(request, content, max_age=WEEK if current else 0)
    return share_with_other_sites(request, artwork, picture)


def placeholder_url() -> str:
    """Return the URL of the drawing that stands for a picture that cannot be shown."""
    return static(_PLACEHOLDER)


def _placeholder(status: int) -> HttpResponse:
    drawing = Path(__file__).resolve().parents[1] / "static" / _PLACEHOLDER
    response = HttpResponse(drawing.read_bytes(), content_type="image/svg+xml", status=status)
    patch_cache_control(response, no_store=True)
    return response


@require_safe
def original(request: HttpRequest, path: str) -> HttpResponseBase:
    """Serve a file of the media storage if a visible artwork shows it; 404 otherwise."""
    artwork = visible_artworks(request).filter(**{conf.artwork_image_field: path}).first()
    if artwork is None:
        raise Http404
    try:
        file = adapter().image(artwork).open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    kind = mimetypes.guess_type(path)[0] or ""
    is_picture = kind.startswith("image/") and kind != "image/svg+xml"
    response = FileResponse(
        file,
        as_attachment=not is_picture,
        content_type=kind if is_picture else "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, max_age=DAY)
    return share_with_other_sites(request, artwork, response)


@require_safe
def search_preview(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    """Serve a small version of the image that was searched by."""
    search = image_search.find(pk, request.user)
    if search is None or not search.preview_name:
        raise Http404
    try:
        content = files.read(search.preview_name)
    except (FileNotFoundError, DescriptorError, StorageUnavailable) as error:
        raise Http404 from error
    return jpeg_response(request, content, max_age=WEEK)


def share_with_other_sites(
    request: Any, artwork: Any, response: HttpResponseBase
) -> HttpResponseBase:
    """Allow pages of other sites to show the picture of a work that everybody may see."""
    policy = "cross-origin" if is_public(request, artwork) else "same-site"
    response["Cross-Origin-Resource-Policy"] = policy
    return response


def read_thumbnail(artwork: Any, size: str) -> bytes | None:
    """Return the bytes of a JPEG; None if the picture is missing or cannot be decoded.

    Where no worker has made it yet, another process makes it in SECONDS at most; what takes longer
    is left to the workers. Raises ThumbnailPending then.
    """
    # What a worker could not decode may be what holds a process for long.
    if size not in thumbnails.SIZES or not thumbnails.has_picture(artwork):
        return None
    try:
        file = thumbnails.find_thumbnail(artwork, size)
        if file is None:
            thumbnails.make_thumbnails(artwork, [size], SECONDS)
            file = thumbnails.find_thumbnail(artwork, size)
    except ImageError as error:
        if error.code != "image_too_slow":
            return None
        file = None
    except (FileNotFoundError, StorageUnavailable):
        return None
    if file is None:
        if thumbnails.is_new_request(artwork):
            queue.request_thumbnails(artwork.pk)
        raise ThumbnailPending
    with file:
        content: bytes = file.read()
    return content


def jpeg_response(request: HttpRequest, content: bytes, max_age: int) -> HttpResponseBase:
    """Return a JPEG that a browser keeps for ``max_age`` seconds, then asks for by its ETag."""
    response: Any = FileResponse(io.BytesIO(content), content_type="image/jpeg")
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    patch_cache_control(response, private=True, max_age=max_age)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response
