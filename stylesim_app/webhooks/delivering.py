"""The outbox worked off: rows are claimed, sent, retried, given up and deleted.

A row that a worker held when it was killed is due again, so an event may arrive twice, and is never
lost.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from .. import __version__
from ..conf import conf
from . import payloads, sending
from .models import Delivery, Endpoint
from .signing import HEADER, sign

logger = logging.getLogger(__name__)
State, Problem = Delivery.State, Delivery.Problem

#: Delay before the second, third ... attempt, a day in all; each is up to a tenth longer.
DELAYS = tuple(
    timedelta(seconds=seconds) for seconds in (60, 300, 1800, 7200, 18_000, 25_200, 32_400)
)
MOST_ATTEMPTS = len(DELAYS) + 1
LONGEST_DELAY = timedelta(days=1)
#: A failing endpoint is left alone for so long, whatever waits for it.
PAUSE = timedelta(minutes=1)
#: An endpoint that fails for so long, without one success, is disabled.
PATIENCE = timedelta(days=3)
#: Longer than any attempt.
LEASE = timedelta(minutes=2)
#: Seconds that deliveries take in one turn of a worker, which has pictures to index.
TURN_SECONDS = 20


def take_turn(**_: Any) -> None:
    """Send what is due for a bounded time, and delete what is old."""
    purge()
    deliver(TURN_SECONDS)


def deliver(seconds: float) -> int:
    """Send what is due, for at most so many seconds; return the number of attempts."""
    deadline = time.monotonic() + seconds
    count = 0
    while time.monotonic() < deadline:
        delivery = claim()
        if delivery is None:
            break
        count += 1
        attempt(delivery)
    return count


def due() -> QuerySet[Delivery]:
    """Return the deliveries that may be sent now."""
    now = timezone.now()
    rested = Q(endpoint__paused_until__isnull=True) | Q(endpoint__paused_until__lte=now)
    waiting = Delivery.objects.filter(rested, endpoint__enabled=True)
    return waiting.filter(state=State.PENDING, due_at__lte=now)


def claim() -> Delivery | None:
    """Claim the delivery that is due longest; None if there is none."""
    while True:
        found = due().order_by("due_at", "pk").values_list("pk", "attempts").first()
        if found is None:
            return None
        pk, attempts = found
        token = uuid.uuid4()
        now = timezone.now()
        free = Delivery.objects.filter(pk=pk, state=State.PENDING, due_at__lte=now)
        if attempts >= MOST_ATTEMPTS:
            # The worker died in the last attempt.
            free.update(
                state=State.FAILED, problem=Problem.STOPPED, lease_token=None, finished_at=now
            )
            continue
        if free.update(lease_token=token, due_at=now + LEASE, attempts=F("attempts") + 1):
            claimed = Delivery.objects.filter(lease_token=token)
            if delivery := claimed.select_related("endpoint__owner").first():
                return delivery


def attempt(delivery: Delivery) -> None:
    """Send a claimed delivery, and write what came of it."""
    body = payloads.body_of(delivery)
    if body is None:
        delivery.finish(State.SKIPPED, problem=Problem.INVISIBLE, response_code=None)
        return
    endpoint = delivery.endpoint
    timestamp = int(time.time())
    answer = sending.post(
        endpoint.url,
        body,
        {
            "Content-Type": "application/json",
            "User-Agent": f"stylesim/{__version__}",
            "Stylesim-Event": delivery.event,
            "Stylesim-Event-Id": str(delivery.event_id),
            HEADER: sign(body, timestamp, endpoint.secrets()),
        },
    )
    if not answer.problem:
        delivery.finish(State.DELIVERED, problem="", response_code=answer.status)
        Endpoint.objects.filter(pk=endpoint.pk).update(
            last_success=timezone.now(), failing_since=None, paused_until=None
        )
        return
    _postpone(delivery, answer)
    _note_failure(endpoint)


def _postpone(delivery: Delivery, answer: sending.Answer) -> None:
    """Write when a delivery is tried again, or that it is given up."""
    outcome = {"problem": answer.problem, "response_code": answer.status}
    if delivery.attempts >= MOST_ATTEMPTS:
        delivery.finish(State.FAILED, **outcome)
        return
    delay = DELAYS[delivery.attempts - 1] * (1 + random.random() / 10)  # noqa: S311  (no secret)
    delay = max(delay, min(timedelta(seconds=answer.retry_after), LONGEST_DELAY))
    delivery.finish(State.PENDING, due_at=timezone.now() + delay, **outcome)


def _note_failure(endpoint: Endpoint) -> None:
    """Leave an endpoint alone for a while, or disable it if it has failed for long."""
    now = timezone.now()
    rows = Endpoint.objects.filter(pk=endpoint.pk)
    rows.update(paused_until=now + PAUSE)
    rows.filter(failing_since=None).update(failing_since=now)
    given_up = rows.filter(enabled=True, failing_since__lt=now - PATIENCE)
    if given_up.update(enabled=False, disabled_at=now):
        logger.error("the webhook %s is disabled: it has failed for days", endpoint.pk)


def enable(endpoint: Endpoint) -> None:
    """Let an endpoint begin again; what waits for it is due now."""
    endpoint.enabled = True
    endpoint.failing_since = endpoint.paused_until = endpoint.disabled_at = None
    endpoint.save()
    endpoint.deliveries.filter(state=State.PENDING).update(due_at=timezone.now())


def send_again(deliveries: QuerySet[Delivery]) -> int:
    """Enter deliveries again, with all their attempts; return their number."""
    return deliveries.update(
        state=State.PENDING,
        attempts=0,
        due_at=timezone.now(),
        lease_token=None,
        problem="",
        response_code=None,
        finished_at=None,
    )


def purge() -> None:
    """Delete what is older than ``STYLESIM_WEBHOOK_DAYS``, sent or not; 0 keeps it for good."""
    if not conf.webhook_days:
        return
    old = Delivery.objects.filter(created__lt=timezone.now() - timedelta(days=conf.webhook_days))
    # A worker asks after each turn, and SQLite has one writer at a time.
    if old.exists():
        old.delete()
