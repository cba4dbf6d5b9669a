"""Original pictures, served only to those who may see the work."""

from __future__ import annotations

import mimetypes

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from stylesim_app.conf import conf
from stylesim_app.services.visibility import visible_artworks
from stylesim_app.swapping import get_image


@require_safe
def original(request: HttpRequest, path: str) -> FileResponse:
    """A file of the media storage if a visible artwork shows it; 404 otherwise."""
    artwork = visible_artworks(request).filter(**{conf.artwork_image_field: path}).first()
    if artwork is None:
        raise Http404
    try:
        file = get_image(artwork).open("rb")
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
    response["Cache-Control"] = "private, max-age=86400"
    return response
