"""Requests that a client may repeat under a key: each is carried out once, and answered alike."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..models import RepeatableRequest

#: How long an answer is kept.
KEPT = timedelta(hours=24)
#: How long a request may be under way before its process counts as gone.
LEASE = timedelta(minutes=5)


class KeyReused(Exception):
    """A key that was sent before with another request."""


class UnderWay(Exception):
    """A request that another process is carrying out."""


@dataclass(frozen=True)
class Answer:
    """The status, headers and body of the first answer to a request."""

    status: int
    headers: dict[str, str]
    body: str


class Attempt:
    """The right to carry out a request, until it is finished, given up, or its lease ends."""

    def __init__(self, pk: int, token: uuid.UUID) -> None:
        self._row = RepeatableRequest.objects.filter(pk=pk, token=token, status=None)

    def finish(self, answer: Answer) -> None:
        """Keep the answer, in the transaction of what the request changed. Raises UnderWay if the
        request has passed to another process."""
        kept = self._row.update(status=answer.status, headers=answer.headers, answer=answer.body)
        if not kept:
            raise UnderWay

    def give_up(self) -> None:
        """Free the key of a request that changed nothing, so that it can be sent again."""
        self._row.delete()


def begin(user: Any, endpoint: str, key: str, fingerprint: str) -> Attempt | Answer:
    """Return the right to carry out a request, or its answer if that was done before.

    ``fingerprint`` stands for the content of the request. Raises KeyReused, UnderWay.
    """
    now, token = timezone.now(), uuid.uuid4()
    rows = RepeatableRequest.objects.filter(user=user, endpoint=endpoint, key=key)
    rows.filter(created__lt=now - KEPT).delete()
    try:
        with transaction.atomic():
            made = RepeatableRequest.objects.create(
                user=user,
                endpoint=endpoint,
                key=key,
                fingerprint=fingerprint,
                token=token,
                lease_until=now + LEASE,
            )
        return Attempt(made.pk, token)
    except IntegrityError:
        row = rows.first()
    if row is None:
        # It was given up meanwhile.
        raise UnderWay
    if row.fingerprint != fingerprint:
        raise KeyReused
    if row.status is not None:
        return Answer(row.status, row.headers, row.answer)
    abandoned = rows.filter(token=row.token, status=None, lease_until__lt=now)
    if not abandoned.update(token=token, lease_until=now + LEASE):
        raise UnderWay
    return Attempt(row.pk, token)


def purge() -> None:
    """Delete the answers that were kept long enough."""
    RepeatableRequest.objects.filter(created__lt=timezone.now() - KEPT).delete()
