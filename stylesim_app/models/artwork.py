"""Artwork models, for hosts without their own."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..collection.fields import CheckedImageField, ObjectField
from ..collection.years import FIRST_YEAR, LAST_YEAR, parse_year


def artwork_path(_instance: models.Model, file_name: str) -> str:
    """Return an unguessable path for an uploaded picture, with its extension."""
    ending = file_name.rpartition(".")[2].lower()
    name = uuid.uuid4().hex
    return f"artworks/{name[:2]}/{name}.{ending}"


class AbstractArtwork(models.Model):
    """The fields that a museum's catalogue usually has; subclass it to add others."""

    title = models.CharField(_("title"), max_length=500, db_index=True)
    artist = models.CharField(_("artist"), max_length=300, blank=True, db_index=True)
    year = models.CharField(
        _("year"), max_length=100, blank=True, help_text=_("As text, for example “c. 1889”.")
    )
    year_number = models.IntegerField(
        _("year as a number"),
        null=True,
        blank=True,
        db_index=True,
        validators=(MinValueValidator(FIRST_YEAR), MaxValueValidator(LAST_YEAR)),
        help_text=_("For sorting and filters. Leave empty to take it from the year."),
    )
    medium = models.CharField(_("medium"), max_length=300, blank=True)
    dimensions = models.CharField(_("dimensions"), max_length=200, blank=True)
    accession_number = models.CharField(
        _("accession number"), max_length=100, blank=True, db_index=True
    )
    collection = models.CharField(_("collection"), max_length=300, blank=True, db_index=True)
    exhibition = models.CharField(_("exhibition"), max_length=300, blank=True, db_index=True)
    rights = models.CharField(_("rights"), max_length=300, blank=True)
    is_public = models.BooleanField(
        _("public"), default=False, help_text=_("Show this work to visitors without an account.")
    )
    image = CheckedImageField(_("image"), upload_to=artwork_path, max_length=255)
    extra = ObjectField(_("additional fields"), default=dict, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        abstract = True
        ordering = ("-created", "-pk")
        verbose_name = _("artwork")
        verbose_name_plural = _("artworks")

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        written = kwargs.get("update_fields")
        if written is None or {"year", "year_number"} & set(written):
            self._follow_year()
            if written is not None:
                kwargs["update_fields"] = {*written, "year_number"}
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("stylesim:artwork", args=[self.pk])

    def _follow_year(self) -> None:
        """Take the number from the text, unless a person entered another."""
        if self.year_number is None:
            self.year_number = parse_year(self.year)
            return
        rows = type(self)._base_manager.filter(pk=self.pk)
        before = None if self._state.adding else rows.values_list("year", "year_number").first()
        if before is None or before[0] == self.year:
            return
        # A form sends the number along with the corrected text.
        if self.year_number == before[1] == parse_year(before[0]):
            self.year_number = parse_year(self.year)


class KeptArtworks(models.Manager["Artwork"]):
    """The manager of artworks, without those in the trash."""

    def get_queryset(self) -> models.QuerySet[Artwork]:
        return super().get_queryset().filter(trashed_at=None)


class Artwork(AbstractArtwork):
    """The artwork model for hosts without their own.

    A deleted work is in the trash for a time, from ``trashed_at`` on.
    """

    trashed_at = models.DateTimeField(
        _("moved to the trash"), null=True, blank=True, editable=False, db_index=True
    )

    objects = KeptArtworks()

    class Meta(AbstractArtwork.Meta):
        swappable = "STYLESIM_ARTWORK_MODEL"
