"""The keys by which artworks are found and put in order."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..collection.swapping import get_artwork_model_string


class SearchKeys(models.Model):
    """The folded texts, sort keys and years of one artwork.

    Both databases compare them byte by byte, so a search finds the same works on each, whatever
    the collation. ``source`` is a hash of the values that the keys were made of.
    """

    artwork = models.OneToOneField(
        get_artwork_model_string(),
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="stylesim_keys",
        verbose_name=_("artwork"),
    )
    text = models.TextField(blank=True)
    artist = models.TextField(blank=True)
    medium = models.TextField(blank=True)
    collection = models.TextField(blank=True)
    exhibition = models.TextField(blank=True)
    accession_number = models.CharField(max_length=250, blank=True, db_index=True)
    title_key = models.BinaryField(null=True)
    artist_key = models.BinaryField(null=True)
    year = models.IntegerField(null=True)
    earliest = models.IntegerField(null=True)
    latest = models.IntegerField(null=True)
    source = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("search keys")
        verbose_name_plural = _("search keys")
        indexes = (
            models.Index(fields=["earliest", "latest"], name="stylesim_keys_years"),
            models.Index(fields=["title_key"], name="stylesim_keys_title"),
            models.Index(fields=["artist_key"], name="stylesim_keys_artist"),
        )

    def __str__(self) -> str:
        return str(self.artwork_id)
