"""Models of what remains for a time: removed pictures, tombstones, claims, repeated requests."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RemovedPicture(models.Model):
    """A picture that an artwork no longer has, since it was replaced or deleted.

    The row is written in the same transaction as the change, so that a process that stops leaves no
    file behind. Without ``is_owned``, the file belongs to the host, and only its thumbnails are
    deleted. From ``kept_at`` on, the original is kept in the private storage as ``kept_name``.
    """

    image_name = models.CharField(_("image file"), max_length=500)
    is_owned = models.BooleanField(default=True, editable=False)
    artwork_key = models.CharField(_("ID of the artwork"), max_length=100)
    title = models.CharField(_("title"), max_length=500, blank=True)
    removed_at = models.DateTimeField(_("removed"), default=timezone.now, db_index=True)
    kept_name = models.CharField(max_length=200, blank=True, editable=False)
    kept_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("removed picture")
        verbose_name_plural = _("removed pictures")

    def __str__(self) -> str:
        return self.title or self.image_name


class Tombstone(models.Model):
    """The key of an artwork that was deleted, moved to the trash or hidden, and nothing else of it.

    ``is_gone`` if the collection has it no more, ``was_public`` if visitors saw it until then.
    """

    artwork_key = models.CharField(_("ID of the artwork"), max_length=200)
    removed_at = models.DateTimeField(_("removed"), default=timezone.now, db_index=True)
    is_gone = models.BooleanField(default=False)
    was_public = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")

    def __str__(self) -> str:
        return self.artwork_key


class FileClaim(models.Model):
    """A lock on the SHA-256 of a file, held to the end of the transaction that claims it."""

    sha256 = models.CharField(max_length=64, unique=True)
    claimed_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("claim on a file")
        verbose_name_plural = _("claims on files")

    def __str__(self) -> str:
        return self.sha256


class RepeatableRequest(models.Model):
    """A request with an ``Idempotency-Key``, and its answer once there is one.

    Without an answer, the request is under way until ``lease_until``; after that, its process is
    gone, and the request may be sent again.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    endpoint = models.CharField(max_length=100)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    token = models.UUIDField()
    lease_until = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    answer = models.TextField(blank=True)
    created = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("repeatable request")
        verbose_name_plural = _("repeatable requests")
        constraints = (
            models.UniqueConstraint(
                fields=["user", "endpoint", "key"], name="stylesim_one_request_a_key"
            ),
        )

    def __str__(self) -> str:
        return self.key
