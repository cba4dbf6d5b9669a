"""Models of the sets of artworks that people keep."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..collection.swapping import get_artwork_model_string


class Selection(models.Model):
    """A named list of artworks that one person keeps, called a set on pages.

    Whoever has the ``share_token`` may read it; None if it is not shared. It may hold artworks that
    a reader, or even its owner, may not see (any more): these are neither shown nor counted.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="stylesim_selections",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=200)
    note = models.TextField(_("note"), blank=True, max_length=2000)
    share_token = models.CharField(  # noqa: DJ001  (an empty text would not be unique)
        max_length=64, null=True, unique=True, editable=False
    )
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        verbose_name = _("set")
        verbose_name_plural = _("sets")
        ordering = ("-modified", "-pk")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("stylesim:set", args=[self.pk])

    @property
    def is_shared(self) -> bool:
        """True if there is a link by which others may read it."""
        return self.share_token is not None


class SelectionItem(models.Model):
    """An artwork in a set, at its place."""

    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="items")
    artwork = models.ForeignKey(
        get_artwork_model_string(),
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("artwork"),
    )
    position = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("work in a set")
        verbose_name_plural = _("works in sets")
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["selection", "artwork"], name="stylesim_each_work_once_a_set"
            ),
        )
        indexes = (models.Index(fields=["selection", "position"], name="stylesim_order_of_set"),)

    def __str__(self) -> str:
        return f"{self.selection_id}: {self.artwork_id}"
