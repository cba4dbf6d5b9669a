"""The work list, and the workers."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .. import files
from ..collection.swapping import get_artwork_model_string
from ..core.boxes import Box
from ..core.errors import CoreError, detail_of
from ..messages import translate_error
from ..signals import artwork_failed, send_on_commit


class WorkItem(models.Model):
    """A row of the work list: a picture to extract descriptors from.

    A worker claims a row by writing its ``lease_token`` and the time when the lease ends. Only the
    holder of the current token may write the outcome. A new request clears the token.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        INDEXED = "indexed", _("indexed")
        FAILED = "failed", _("failed")
        STALE = "stale", _("out of date")

    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.PENDING, db_index=True
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("last error"), blank=True)
    error_code = models.CharField(max_length=50, blank=True, editable=False)
    error_params = models.JSONField(default=dict, blank=True, editable=False)
    requested_at = models.DateTimeField(_("requested"), default=timezone.now)
    lease_token = models.UUIDField(null=True, editable=False, db_index=True)
    due_at = models.DateTimeField(_("not before"), default=timezone.now, editable=False)

    class Meta:
        abstract = True

    @property
    def reason(self) -> str:
        """The last error in the reader's language."""
        return translate_error(self.error_code, self.error_params, self.error)

    @property
    def detail(self) -> str:
        """The words of the library that failed, as they came; empty for most errors."""
        return detail_of(self.error_params)

    def finish(self, **results: Any) -> bool:
        """Write the outcome of a claimed row; return False if it or its lease is gone."""
        rows = type(self)._default_manager.filter(pk=self.pk, lease_token=self.lease_token)
        return bool(
            rows.update(
                state=self.State.INDEXED,
                lease_token=None,
                error="",
                error_code="",
                error_params={},
                **results,
            )
        )

    def announce_failure(self) -> None:
        """React to the final failure of a row; by default, do nothing."""


def failure_fields(error: CoreError) -> dict[str, Any]:
    """Return the field values that record on a row of the work list why it failed."""
    return {
        "state": WorkItem.State.FAILED,
        "lease_token": None,
        "error": str(error),
        "error_code": error.code,
        "error_params": {name: _plain(value) for name, value in error.params.items()},
    }


def _plain(value: object) -> object:
    return value if isinstance(value, (int, float, str)) else str(value)


class IndexEntry(WorkItem):
    """The index state of one artwork.

    ``image_width`` and ``image_height`` are those of the upright picture, once a worker read it.
    ``cut_box`` is the part of the picture that was described, as left, top, width and height in
    shares of the upright picture; None if that is all of it. ``cut_kind`` names what was found
    round it. ``chosen_box`` is the part that a person chose, ``[0, 0, 1, 1]`` for all of the
    picture; None where it is left to the app.
    """

    artwork = models.OneToOneField(
        get_artwork_model_string(),
        on_delete=models.CASCADE,
        related_name="stylesim_entry",
        verbose_name=_("artwork"),
    )
    image_name = models.CharField(_("image file"), max_length=500, blank=True)
    image_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    image_width = models.PositiveIntegerField(_("width in pixels"), null=True, editable=False)
    image_height = models.PositiveIntegerField(_("height in pixels"), null=True, editable=False)
    notes = models.JSONField(_("notes"), default=list, blank=True, editable=False)
    cut_kind = models.CharField(_("surroundings"), max_length=20, blank=True, editable=False)
    cut_box = models.JSONField(null=True, editable=False)
    chosen_box = models.JSONField(null=True, editable=False)
    indexed_at = models.DateTimeField(pgettext_lazy("when", "indexed"), null=True, blank=True)

    class Meta:
        verbose_name = _("index entry")
        verbose_name_plural = _("index entries")
        indexes = (
            models.Index(fields=["state", "due_at"], name="stylesim_entry_work_list"),
            models.Index(fields=["image_sha256"], name="stylesim_entry_sha256"),
        )

    def __str__(self) -> str:
        return f"{self.artwork_id}: {self.get_state_display()}"

    @property
    def work_box(self) -> Box | None:
        """The part of the picture that was described; None if that is all of it."""
        return None if self.cut_box is None else Box(*self.cut_box)

    def announce_failure(self) -> None:
        """Send ``artwork_failed`` with the reason as stored now."""
        self.refresh_from_db()
        artwork = self.artwork
        send_on_commit(
            artwork_failed,
            type(artwork),
            artwork=artwork,
            reason=self.reason,
            code=self.error_code,
        )


class ImageSearch(WorkItem):
    """A search by an image that is not an artwork, deleted after some hours.

    The image itself is deleted once its descriptor is extracted; a small preview is kept as long as
    the search. ``same_pictures`` lists pairs of a StoredFeatures' key and a relation, most inliers
    first; None if that was not searched for. ``compared_to`` is the largest key of the features
    that it was compared with. ``vectors`` holds the vector of the image by the digest of each
    embedding that computes it from pictures; others are computed from the descriptor.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    image_name = models.CharField(max_length=200)
    preview_name = models.CharField(max_length=200, blank=True)
    descriptor_name = models.CharField(max_length=200, blank=True)
    descriptor_set = models.ForeignKey(
        "stylesim_app.DescriptorSet", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    same_pictures = models.JSONField(null=True, editable=False)
    compared_to = models.PositiveBigIntegerField(default=0, editable=False)
    vectors = models.JSONField(default=dict, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("image search")
        verbose_name_plural = _("image searches")

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("stylesim:search-results", args=[self.pk])

    def announce_failure(self) -> None:
        """Delete the image: nothing will be searched with it."""
        name = self.image_name
        if name:
            self.image_name = ""
            type(self).objects.filter(pk=self.pk).update(image_name="")
            transaction.on_commit(lambda: files.delete([name]), robust=True)


class WorkerSign(models.Model):
    """The last sign of life of a process that works off the work list.

    ``cluster_pid`` is the parent of a worker of a django-q2 cluster, and None in commands.
    ``weights`` begins the SHA-256 of the weights, and ``provenance`` is that of the descriptors it
    makes, once the network is loaded.
    """

    class State(models.TextChoices):
        IDLE = "idle", pgettext_lazy("worker", "idle")
        BUSY = "busy", pgettext_lazy("worker", "working")
        ENDED = "ended", pgettext_lazy("worker", "stopped")

    process = models.UUIDField(unique=True, editable=False, default=uuid.uuid4)
    host = models.CharField(_("host"), max_length=200)
    pid = models.PositiveBigIntegerField(_("process"), default=0)
    cluster_pid = models.PositiveBigIntegerField(_("cluster"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.IDLE)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen"), db_index=True)
    version = models.CharField(_("version"), max_length=30, blank=True)
    weights = models.CharField(_("weights"), max_length=12, blank=True)
    provenance = models.JSONField(_("provenance"), null=True, editable=False)

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return f"{self.host}: {self.pid}"


class IndexingPause(models.Model):
    """The pause of indexing, while its only row exists."""

    since = models.DateTimeField(_("since"), default=timezone.now)
    by = models.CharField(_("paused by"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("index status")
        verbose_name_plural = _("index status")

    def __str__(self) -> str:
        return str(self.since)
