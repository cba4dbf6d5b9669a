"""Searches by an image that is not an artwork, queued like artworks.

The web process loads no network, so that it stays small and starts fast; a worker, which holds one
anyway, extracts the descriptor of the image before all other work.
"""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from PIL import Image

from .. import files
from ..conf import conf
from ..core.images import Picture
from ..core.same_picture.detail import QUERY
from ..index import embeddings, same_picture, sets
from ..index.storing import Described
from ..models import ImageSearch, WorkItem
from ..work import queue
from ..work.kinds import WorkKind, describe_artworks

PREVIEW_SIZE = 224


def start(upload: UploadedFile[Any], user: Any) -> ImageSearch:
    """Store a checked upload privately, queue it, and return the search to wait for.

    Raises StorageUnavailable.
    """
    ending = (upload.name or "").rpartition(".")[2].lower()
    with files.kept_if_used() as unused:
        name = files.write("searches", ending, upload.read())
        unused.append(name)
        search = ImageSearch.objects.create(
            user=user if user.is_authenticated else None, image_name=name
        )
        unused.clear()
    transaction.on_commit(lambda: queue.ring(search.pk), robust=True)
    return search


def find(pk: Any, user: Any) -> ImageSearch | None:
    """Return the user's search with an id, or None, also once it is past its lifetime.

    A search started without an account may be read by anyone who has its id.
    """
    search = ImageSearch.objects.filter(pk=pk, created__gte=_oldest()).first()
    if search is None or (search.user_id is not None and search.user_id != user.pk):
        return None
    return search


def store(search: ImageSearch, picture: Picture, described: Described) -> None:
    """Keep the descriptor and a preview, and delete the image."""
    descriptor = described.descriptor
    descriptor_set = sets.open_set(descriptor.provenance)
    # Before the comparison, which reads whatever is stored by then.
    compared_to = same_picture.newest()
    with files.kept_if_used() as unused:
        descriptor_name = files.write("searches", "safetensors", descriptor.to_bytes())
        unused.append(descriptor_name)
        preview_name = files.write("searches", "jpg", _preview(picture))
        unused.append(preview_name)
        finished = search.finish(
            descriptor_name=descriptor_name,
            preview_name=preview_name,
            descriptor_set=descriptor_set,
            vectors=_vectors_by_digest(described),
            same_pictures=_find_same_pictures(picture),
            compared_to=compared_to,
            image_name="",
        )
        if finished:
            unused[:] = [search.image_name]
    sets.switch_when_complete(descriptor_set)


def _vectors_by_digest(described: Described) -> dict[str, list[float]]:
    return {
        each.digest: described.vectors[each.name].numbers[0].tolist()
        for each in embeddings.registered()
        if each.name in described.vectors
    }


def _find_same_pictures(picture: Picture) -> list[Any] | None:
    if picture.features is None:
        return None
    return [(key, relation.to_json()) for key, relation in same_picture.find(picture.features)]


def purge() -> int:
    """Delete searches past their lifetime, with their files; return the number of rows deleted.

    The images of failed searches that a stopped worker left are deleted too.
    """
    for search in ImageSearch.objects.filter(state=WorkItem.State.FAILED).exclude(image_name=""):
        search.announce_failure()
    return ImageSearch.objects.filter(created__lt=_oldest()).delete()[0]


def _oldest() -> datetime:
    """Return the time before which searches are past their lifetime."""
    return timezone.now() - timedelta(hours=conf.search_lifetime_hours)


def _preview(picture: Picture) -> bytes:
    """Return the complete picture as a JPEG with the aspect ratio of the picture."""
    longest = max(picture.facts.width, picture.facts.height)
    width = max(1, PREVIEW_SIZE * picture.facts.width // longest)
    height = max(1, PREVIEW_SIZE * picture.facts.height // longest)
    buffer = io.BytesIO()
    pixels = picture.pixels if picture.complete is None else picture.complete
    Image.fromarray(pixels).resize((width, height)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


#: A person waits for each, so that searches come first and alone.
SEARCHES = WorkKind(
    model=ImageSearch,
    priority=10,
    batch_size=lambda: 1,
    locate=lambda search: (files.private_storage(), search.image_name),
    compute=describe_artworks,
    store=store,
    files=("image_name", "preview_name", "descriptor_name"),
    detail=QUERY,
    urgent=True,
)
