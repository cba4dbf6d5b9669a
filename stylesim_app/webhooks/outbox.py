"""Events as rows, written in the transaction of the change that they tell of."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import DatabaseError, transaction
from django.dispatch import Signal

from ..signals import artwork_failed, artwork_indexed, same_picture_found
from .models import Delivery, Endpoint, Event

logger = logging.getLogger(__name__)


def record(event: Signal, artwork: Any = None, **arguments: Any) -> None:
    """Enter an event for each endpoint that subscribes to it.

    A fault is logged, and does not undo the change.
    """
    named = _named(event, arguments)
    if named is None:
        return
    name, facts = named
    try:
        with transaction.atomic():
            endpoints = [
                each for each in Endpoint.objects.filter(enabled=True) if name in each.events
            ]
            enter(name, endpoints, str(artwork.pk), facts)
    except DatabaseError:
        logger.exception("the event %s of artwork %s could not be recorded", name, artwork.pk)


def enter(
    event: Event, endpoints: Iterable[Endpoint], artwork_key: str = "", facts: Any = None
) -> None:
    """Enter one event for some endpoints."""
    event_id = uuid.uuid4()
    Delivery.objects.bulk_create(
        Delivery(
            endpoint=endpoint,
            event_id=event_id,
            event=event,
            artwork_key=artwork_key,
            facts=facts or {},
        )
        for endpoint in endpoints
    )


def _named(event: Signal, arguments: dict[str, Any]) -> tuple[Event, dict[str, Any]] | None:
    if event is artwork_indexed:
        return Event.INDEXED, {}
    if event is artwork_failed:
        return Event.FAILED, {"code": arguments["code"], "reason": arguments["reason"]}
    if event is same_picture_found:
        matches = [[str(key), inliers] for key, inliers in arguments["matches"]]
        return Event.SAME_PICTURE, {"matches": matches}
    return None
