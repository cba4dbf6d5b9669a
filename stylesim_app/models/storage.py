"""Models of the private storage: its marker, and what is wrong with it."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StorageState(models.Model):
    """The state of the private storage, in one row.

    ``marker`` is the id of this installation, which a file in the storage repeats; ``marked_at`` is
    empty until that file was written. While ``problem`` is set, workers claim nothing before
    ``retry_at``, and then only once ``size`` bytes can be written. ``originals`` holds the reason
    while the pictures of the artworks cannot be read.
    """

    class Problem(models.TextChoices):
        MISSING = "missing", _("missing")
        FOREIGN = "foreign", _("of another installation")
        FULL = "full", _("full")
        UNREACHABLE = "unreachable", _("not reachable")

    marker = models.UUIDField(default=uuid.uuid4, editable=False)
    marked_at = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(_("problem"), max_length=20, choices=Problem, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    since = models.DateTimeField(_("since"), null=True, blank=True)
    tries = models.PositiveIntegerField(default=0, editable=False)
    size = models.PositiveBigIntegerField(default=0, editable=False)
    retry_at = models.DateTimeField(default=timezone.now, editable=False)
    originals = models.TextField(blank=True)
    originals_since = models.DateTimeField(null=True, editable=False)
    stage = models.CharField(max_length=30, blank=True, editable=False)
    cursor = models.CharField(max_length=200, blank=True, editable=False)
    checked = models.PositiveBigIntegerField(_("files checked"), default=0)
    pass_began_at = models.DateTimeField(null=True, editable=False)
    pass_ended_at = models.DateTimeField(_("last complete check"), null=True, blank=True)

    class Meta:
        verbose_name = _("storage")
        verbose_name_plural = _("storage")

    def __str__(self) -> str:
        return str(self.get_problem_display() or self.marker)


class StorageFinding(models.Model):
    """A file that a check of the storage found damaged, exchanged, missing or without a row.

    The next complete check deletes findings that are no longer true.
    """

    class Kind(models.TextChoices):
        MISSING = "missing", _("missing")
        DAMAGED = "damaged", _("damaged")
        EXCHANGED = "exchanged", _("of another picture")
        ORPHAN = "orphan", _("without a record")
        INCOMPLETE = "incomplete", _("incomplete")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    place = models.CharField(_("place"), max_length=30)
    name = models.CharField(_("file"), max_length=500)
    reason = models.TextField(_("reason"), blank=True)
    found_at = models.DateTimeField(_("found"), default=timezone.now)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        constraints = (
            models.UniqueConstraint(fields=["place", "name"], name="stylesim_one_finding_a_file"),
        )

    def __str__(self) -> str:
        return f"{self.place}: {self.name} ({self.get_kind_display()})"
