"""The bodies of events, with what the owner of the endpoint may see at the time of sending."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from ..api.problems import told_reason
from ..collection.adapter import adapter
from ..collection.visibility import request_by, visible_artworks
from ..conf import conf
from ..models import WorkItem
from .models import Delivery, Endpoint, Event

#: Other works that one event names.
MOST_OTHERS = 20


def body_of(delivery: Delivery) -> bytes | None:
    """Return the JSON of an event, or None where its owner may not see the artwork."""
    facts: dict[str, Any] = {}
    if delivery.event != Event.TEST:
        found = _facts(delivery)
        if found is None:
            return None
        facts = found
    envelope = {
        "id": str(delivery.event_id),
        "type": delivery.event,
        "created": delivery.created.isoformat().replace("+00:00", "Z"),
        "data": facts,
    }
    return json.dumps(envelope, ensure_ascii=False).encode(errors="backslashreplace")


def _facts(delivery: Delivery) -> dict[str, Any] | None:
    request = request_of(delivery.endpoint)
    visible = visible_artworks(request)
    try:
        artwork = visible.filter(pk=delivery.artwork_key).first()
    except (ValueError, ValidationError):
        artwork = None
    if artwork is None:
        return None
    facts: dict[str, Any] = {"artwork": _artwork(artwork)}
    if delivery.event == Event.FAILED:
        reason = told_reason(
            request.user, WorkItem.State.FAILED.value, delivery.facts.get("reason", "")
        )
        facts |= {"code": delivery.facts.get("code", ""), "reason": reason}
    if delivery.event == Event.SAME_PICTURE:
        inliers = dict(delivery.facts["matches"])
        to_key = artwork._meta.pk.to_python
        others = visible.in_bulk([to_key(key) for key in inliers])
        shown = [(str(key), other) for key, other in others.items()]
        if not shown:
            return None
        # A copy of the file first, then by inliers.
        shown.sort(key=lambda each: -(inliers[each[0]] or float("inf")))
        facts["count"] = len(shown)
        facts["matches"] = [
            {
                "artwork": _artwork(other),
                "inliers": inliers[key],
                "same_file": inliers[key] is None,
            }
            for key, other in shown[:MOST_OTHERS]
        ]
    return facts


def request_of(endpoint: Endpoint) -> HttpRequest:
    """Return the request by which the visibility hook tells what the owner may see."""
    owner = endpoint.owner
    is_usable = owner is not None and owner.is_active
    return request_by(owner if is_usable else AnonymousUser())


def _artwork(artwork: Any) -> dict[str, Any]:
    key = artwork.pk
    api = lambda: reverse("stylesim-api:artwork-detail", args=[key])  # noqa: E731
    return {
        "id": key if isinstance(key, int) else str(key),
        "title": adapter().title(artwork),
        "accession_number": _text(adapter().value(artwork, "accession_number")),
        "url": _address(lambda: adapter().url(artwork)),
        "api_url": _address(api),
    }


def _text(value: Any) -> str | None:
    """Return a text as the API gives it: empty where there is none, null where a host says so."""
    return None if value is None else str(value)


def _address(path: Callable[[], str]) -> str | None:
    """Return an address below STYLESIM_SITE_URL, or its path alone where that is not set."""
    try:
        return urljoin(conf.site_url, path())
    except NoReverseMatch:
        return None
