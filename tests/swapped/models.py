"""The least that a host has: a key of its own kind, and a picture under a name of its own."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.http import HttpRequest


class Picture(models.Model):  # noqa: DJ008  (the least a host has)
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    scan = models.ImageField(upload_to="scans")


def all_pictures(_request: HttpRequest) -> models.QuerySet[Any]:
    """Everybody sees everything here."""
    return Picture.objects.all()
