"""A minimal host: a primary key of another type, and a picture under another name."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.http import HttpRequest

from stylesim_app.collection.adapter import ArtworkAdapter


class Picture(models.Model):  # noqa: DJ008  (the least a host has)
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ImageField(upload_to="scans")


def all_pictures(_request: HttpRequest) -> models.QuerySet[Any]:
    """Everybody sees everything here."""
    return Picture.objects.all()


class Print(models.Model):
    """A host's work whose title is called ``name``, and whose artist is called ``maker``."""

    name = models.CharField(max_length=80)
    maker = models.CharField(max_length=80, blank=True)
    begun = models.IntegerField(null=True, blank=True)
    scan = models.ImageField(upload_to="prints")
    shown = models.BooleanField(default=False)
    details = models.JSONField(default=dict, blank=True)
    # A fact that is a row of another table.
    medium = models.ForeignKey("auth.Group", null=True, blank=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return f"print {self.pk}"


class Exhibition(models.Model):  # noqa: DJ008  (only its relation counts)
    """A model whose relation to prints has the name of a fact."""

    works = models.ManyToManyField(Print, swappable=False)


class FramedPrint(Print):
    """The same works through a proxy."""

    class Meta:
        proxy = True


class PrintAdapter(ArtworkAdapter):
    """Where the facts of a print are found."""

    fields = {"artist": "maker", "year_number": "begun", "is_public": "shown", "extra": "details"}

    def facts(self, artwork: Any) -> list[tuple[str, str]]:
        return [*super().facts(artwork), ("Technique", "woodcut")]
