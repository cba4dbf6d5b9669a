"""Similar works in a page of the host: found for a request, and never a reason for it to fail."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ..collection import thumbnails
from ..collection.adapter import adapter
from ..collection.visibility import visible_artworks
from ..core.scale import PairScale
from ..exceptions import NotIndexed
from ..models import WorkItem
from .forms import RankingForm

logger = logging.getLogger(__name__)

#: Results that are as far as half of all random pairs are not similar.
ORDINARY_PERCENT = 50.0
ORDINARY_SHARE = 0.5


@dataclass(frozen=True)
class EmbeddedWork:
    """A work to show: where its page and its picture are, empty if the site has no such address."""

    artwork: Any
    title: str
    url: str
    picture: str


@dataclass(frozen=True)
class Embedded:
    """The content to show; ``status`` is ``ranked``, ``waiting``, ``unavailable`` or ``absent``."""

    status: str
    works: Sequence[EmbeddedWork] = ()


ABSENT = Embedded("absent")


def similar_works(
    request: HttpRequest | None,
    artwork: Any,
    *,
    lane: str = "",
    preset: str = "",
    limit: Any = None,
    size: str = "medium",
) -> Embedded:
    """Return the works similar to an artwork, or to that of a key, as far as the caller may see.

    Whatever fails is logged, and the answer is ``absent``.
    """
    try:
        # In a transaction of the host, a failed query would fail all that follow.
        with _savepoint():
            return _find(request, artwork, {"lane": lane, "preset": preset, "limit": limit}, size)
    except Exception:
        logger.exception("similar works could not be shown in a page")
        return ABSENT


def _savepoint() -> AbstractContextManager[Any]:
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


def _find(request: HttpRequest | None, artwork: Any, asked: dict[str, Any], size: str) -> Embedded:
    if request is None:
        logger.error("similar_works needs the request; add its context processor to TEMPLATES")
        return ABSENT
    if artwork is None or artwork == "" or size not in thumbnails.SIZES:
        return ABSENT
    visible = visible_artworks(request)
    shown = _visible(artwork, visible)
    if shown is None:
        return ABSENT
    form = RankingForm({name: value for name, value in asked.items() if value not in (None, "")})
    if not form.is_valid():
        logger.error("similar_works cannot be ranked: %s", form.errors.as_json())
        return ABSENT
    try:
        answer = form.chosen_lane().of_artwork(
            shown, form.options(), visible, visible.select_related("stylesim_entry"), form.serving
        )
    except NotIndexed as error:
        waits = error.state in (WorkItem.State.PENDING, WorkItem.State.STALE)
        return Embedded("waiting" if waits else "unavailable")
    return Embedded("ranked", [_shown(each.artwork, size) for each in close_results(answer)])


def close_results(answer: Any) -> list[Any]:
    """Return the results of an answer that are closer than an ordinary pair of works."""
    results = answer.works if hasattr(answer, "works") else answer.results
    return [result for result in results if _is_close(answer, result)]


def _is_close(answer: Any, result: Any) -> bool:
    closer_than = getattr(result, "closer_than", None)
    if closer_than is not None:
        return bool(closer_than > ORDINARY_PERCENT)
    unusual = getattr(result, "unusual", None)
    scale: PairScale | None = getattr(answer, "scale", None)
    return unusual is None or scale is None or bool(unusual < ORDINARY_SHARE)


def _visible(artwork: Any, visible: Any) -> Any:
    key = artwork.pk if isinstance(artwork, Model) else artwork
    try:
        return visible.filter(pk=key).first()
    except (ValueError, TypeError, ValidationError):
        return None


def _shown(artwork: Any, size: str) -> EmbeddedWork:
    found = adapter()
    return EmbeddedWork(
        artwork=artwork,
        title=found.title(artwork),
        url=_address(lambda: found.url(artwork)),
        picture=_picture(artwork, size),
    )


def _picture(artwork: Any, size: str) -> str:
    """Return the address of a thumbnail, of the pages or else of the API."""
    if not thumbnails.has_picture(artwork):
        return ""
    for name in ("stylesim:thumbnail", "stylesim-api:artwork-thumbnail"):
        if found := _address(lambda name=name: reverse(name, args=[artwork.pk, size])):  # type: ignore[misc]
            return f"{found}?v={thumbnails.version_of(artwork)}"
    return ""


def _address(path: Callable[[], str]) -> str:
    try:
        return path()
    except NoReverseMatch:
        return ""
