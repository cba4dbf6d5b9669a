"""Endpoints, and the outbox: what is to be posted to them, and what was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .addresses import validate_address
from .signing import new_secret


class Event(models.TextChoices):
    """The events that an endpoint can subscribe to, and one that tries it."""

    INDEXED = "artwork.indexed", _("Artwork indexed")
    FAILED = "artwork.failed", _("Artwork failed")
    SAME_PICTURE = "same_picture.found", _("Same picture found")
    TEST = "webhook.test", _("Test")


#: The time for which events are signed with a new secret and with the previous one.
OVERLAP = timedelta(hours=24)
#: The events that happen by themselves.
EVENTS = (Event.INDEXED, Event.FAILED, Event.SAME_PICTURE)


def all_events() -> list[str]:
    """Return the events that a new endpoint gets."""
    return [event.value for event in EVENTS]


class Endpoint(models.Model):
    """An address that events are posted to, with the rights of its ``owner``.

    The owner is who saved it last; without one, events are those about public works. The previous
    secret signs too until ``previous_until``. ``failing_since`` is the first failure since the last
    success, and ``paused_until`` keeps a failing address from being asked for every event.
    ``disabled_at`` is set where a worker gave up.
    """

    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(_("address"), max_length=1000, validators=[validate_address])
    events = models.JSONField(_("events"), default=all_events)
    enabled = models.BooleanField(_("enabled"), default=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("acts for"),
    )
    secret = models.CharField(max_length=100, default=new_secret, editable=False)
    previous_secret = models.CharField(max_length=100, blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)
    disabled_at = models.DateTimeField(_("disabled"), null=True, editable=False)
    last_success = models.DateTimeField(_("last success"), null=True, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name

    def secrets(self, now: datetime | None = None) -> list[str]:
        """Return the secrets that sign now, the newest first."""
        is_old_valid = self.previous_until is not None and self.previous_until > (
            now or timezone.now()
        )
        return [self.secret, *([self.previous_secret] if is_old_valid else [])]

    def rotate_secret(self) -> None:
        """Make a new secret; receivers can verify with the previous one for some hours."""
        self.previous_secret, self.secret = self.secret, new_secret()
        self.previous_until = timezone.now() + OVERLAP
        self.save(update_fields=["previous_secret", "previous_until", "secret"])


class Delivery(models.Model):
    """One event for one endpoint: a row of the outbox, and of the log once it is finished.

    ``event_id`` is the same at all endpoints and in all attempts. ``facts`` holds what the event
    says beyond its artwork. A worker claims a row by writing its ``lease_token``, until ``due_at``.
    """

    class State(models.TextChoices):
        PENDING = "pending", pgettext_lazy("delivery", "waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("not sent")

    class Problem(models.TextChoices):
        """The reason why an attempt did not succeed."""

        STATUS = "status", _("The receiver answered with an error.")
        REDIRECT = "redirect", _("The receiver answered with a redirect, which is not followed.")
        TIMEOUT = "timeout", _("The receiver took too long.")
        UNREACHABLE = "unreachable", _("The receiver could not be reached.")
        UNKNOWN_HOST = "unknown_host", _("The host name is not known.")
        CERTIFICATE = "certificate", _("The certificate of the receiver is not valid.")
        PRIVATE = "private", _("The address is in a private network.")
        STOPPED = "stopped", _("The worker stopped while it was sent.")
        INVISIBLE = "invisible", _("The artwork is gone, or the owner may not see it.")

    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="deliveries", verbose_name=_("webhook")
    )
    event_id = models.UUIDField(_("event ID"), editable=False)
    event = models.CharField(_("event"), max_length=30, choices=Event)
    artwork_key = models.CharField(_("artwork"), max_length=200, blank=True)
    facts = models.JSONField(default=dict, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    lease_token = models.UUIDField(null=True, editable=False)
    response_code = models.PositiveSmallIntegerField(_("status code"), null=True)
    problem = models.CharField(_("problem"), max_length=20, choices=Problem, blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now, db_index=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-pk",)
        indexes = (models.Index(fields=["state", "due_at"], name="stylesim_webhooks_outbox"),)
        constraints = (
            models.UniqueConstraint(
                fields=["endpoint", "event_id"], name="stylesim_one_delivery_an_event"
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.event_id}"

    def finish(self, state: Any, **facts: Any) -> bool:
        """Write the outcome of a claimed row; return False if it or its lease is gone."""
        rows = type(self).objects.filter(pk=self.pk, lease_token=self.lease_token)
        is_open = state == self.State.PENDING
        now = None if is_open else timezone.now()
        return bool(rows.update(state=state, lease_token=None, finished_at=now, **facts))
