"""A site where PyTorch is not installed; run as a script by ``tests/test_structure.py``."""

from __future__ import annotations

import os
import re
import sys

# As if they were not installed.
sys.modules["torch"] = sys.modules["torchvision"] = None  # type: ignore[assignment]
os.environ.pop("DATABASE_URL", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"

import django
import pytest

django.setup()

from django.core.checks import run_checks
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.test import Client

from stylesim_app.models import Artwork, IndexEntry
from stylesim_app.work import worker
from tests import pictures


def main() -> None:
    call_command("migrate", verbosity=0)
    assert not [each for each in run_checks() if each.id == "stylesim_app.E010"]
    artwork = Artwork(title="disc", is_public=True)
    artwork.image.save("a.png", ContentFile(pictures.png("disc-a")))

    client = Client(headers={"host": "localhost"})
    page, api = f"/artworks/{artwork.pk}/", f"/api/artworks/{artwork.pk}/similar/"
    pages = ("/", "/search/", page, f"{page}small.jpg", "/api/artworks/", "/api/schema/")
    for path in pages:
        assert client.get(path).status_code == 200, path
    # It waits for a worker.
    assert client.get(api).status_code == 409

    # A worker claims nothing, and says why.
    assert worker.work_through() is False
    assert IndexEntry.objects.get().attempts == 0
    sys.argv = ["manage.py", "qcluster"]
    assert "stylesim_app.E010" in {each.id for each in run_checks()}
    with pytest.raises(CommandError, match=re.escape("django-stylesim[worker]")):
        call_command("stylesim_index")


main()
