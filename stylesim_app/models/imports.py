"""Models of imports under way."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ImportedFile(models.Model):
    """A file that an import is storing now, so that no other import stores it too.

    The row is deleted in the transaction that adds the artwork. One that is left behind is of an
    import that was killed, and ``image_name`` is the file that it may have written.
    """

    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, unique=True)
    image_name = models.CharField(_("image file"), max_length=500, blank=True)
    host = models.CharField(_("host"), max_length=200)
    process_id = models.PositiveIntegerField()
    process = models.UUIDField()
    started_at = models.DateTimeField(_("started"), default=timezone.now)

    class Meta:
        verbose_name = _("file being imported")
        verbose_name_plural = _("files being imported")

    def __str__(self) -> str:
        return self.sha256
