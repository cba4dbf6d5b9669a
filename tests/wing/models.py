"""The wing's fact of an artwork: its mean tone."""

from __future__ import annotations

from django.db import models

from stylesim_app.collection.swapping import get_artwork_model_string
from stylesim_app.models import WorkItem


class Tone(WorkItem):
    """A row of the work list of the wing; ``swatch_name`` is a private file."""

    artwork = models.OneToOneField(
        get_artwork_model_string(), on_delete=models.CASCADE, related_name="tone"
    )
    value = models.FloatField(null=True)
    swatch_name = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.artwork_id}: {self.value}"
