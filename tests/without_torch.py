"""A site without PyTorch; run as a script by ``tests/unit/test_structure.py``."""

from __future__ import annotations

import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any

# As if they were not installed.
sys.modules.update(dict.fromkeys(("cv2", "torch", "torchvision")))  # type: ignore[arg-type]
os.environ.pop("DATABASE_URL", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"

import numpy as np
from PIL import Image
from threadpoolctl import threadpool_info

ROOT = Path(__file__).resolve().parents[1]
#: Lines of the app that changed the filters of warnings.
filtering: list[str] = []


def watch(name: str) -> None:
    """Note who changes the filters of warnings: packages that others wrote may."""
    change = getattr(warnings, name)

    def noting(*args: Any, **options: Any) -> None:
        caller = sys._getframe(1)
        if Path(caller.f_code.co_filename).is_relative_to(ROOT / "stylesim_app"):
            filtering.append(f"{caller.f_code.co_filename}:{caller.f_lineno}")
        change(*args, **options)

    setattr(warnings, name, noting)


def process_state() -> tuple[list[tuple[str, int]], int | None]:
    """Return the threads of each numerical library, and what Pillow calls a bomb."""
    libraries = {each["filepath"]: each["num_threads"] for each in threadpool_info()}
    return sorted(libraries.items()), Image.MAX_IMAGE_PIXELS


for name in ("filterwarnings", "simplefilter"):
    watch(name)
np.ones((2, 2)) @ np.ones((2, 2))
state_before = process_state()

import django
import pytest

django.setup()

from django.core.checks import run_checks
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError
from django.test import Client

from stylesim_app.index import upkeep
from stylesim_app.models import Artwork, IndexEntry
from stylesim_app.stores import embedded
from stylesim_app.work import worker
from tests import pictures, synthetic

#: Enough for the store to be searched, rather than read from end to end.
WORKS = 80


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

    refuse_to_work()
    with pytest.MonkeyPatch.context() as patch:
        synthetic.shrink_network(patch)
        rank(client, patch)
    assert process_state() == state_before
    assert filtering == []


def refuse_to_work() -> None:
    """A worker claims nothing, and says why."""
    assert worker.work_through() is False
    assert IndexEntry.objects.get().attempts == 0
    with pytest.raises(CommandError, match=re.escape("django-stylesim[worker]")):
        call_command("stylesim_index")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["manage.py", "qcluster"])
        with pytest.raises(SystemCheckError, match=r"(?s)E010.*django-stylesim\[worker\]"):
            call_command("qcluster", run_once=True, skip_checks=False)


def rank(client: Client, patch: pytest.MonkeyPatch) -> None:
    """Works that a worker described elsewhere are ranked, by a search and from a list."""
    works = synthetic.store_works(synthetic.draw_small(WORKS))
    assert upkeep.maintain(60, idle=True)
    threads: list[int] = []

    def scan(*args: Any) -> Any:
        threads.extend(n for path, n in process_state()[0] if "openblas" in path)
        return search(*args)

    search = embedded._scan
    patch.setattr(embedded, "_scan", scan)
    query = Artwork.objects.filter(pk__in=works, is_public=True).earliest("pk").pk
    for options in ("", "?preset=style"):
        answer = client.get(f"/api/artworks/{query}/similar/{options}")
        assert answer.status_code == 200, answer.content
        distances = [each["distance"] for each in answer.json()["results"]]
        assert len(distances) > 5
        assert distances == sorted(distances)
        shown = client.get(f"/artworks/{query}/{options}")
        assert shown.status_code == 200
        assert answer.json()["results"][0]["artwork"]["title"] in shown.content.decode()
    # The limit held while it mattered, and no longer.
    assert threads
    assert set(threads) == {1}


main()
