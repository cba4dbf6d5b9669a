"""All odd files and two thousand damaged ones through every entrance, with processes that decode.

What a server would answer, what a worker would store, and what memory it takes, are counted and
printed for the table in ``docs/reliability.md``.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from stylesim_app import tasks
from stylesim_app.collection import decoders
from stylesim_app.conf import conf
from stylesim_app.core.errors import ImageError
from stylesim_app.index import upkeep
from stylesim_app.models import Artwork, ImageSearch, IndexEntry, WorkItem
from stylesim_app.work import pipeline, worker
from tests import synthetic
from tests.odd import ODD_FILES, content_of
from tests.odd_pictures import mutants

pytestmark = [
    pytest.mark.release,
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),
]
State = WorkItem.State
#: Million bytes by which the process of a web server may grow meanwhile.
WEB_GROWTH = 200
#: Pages and addresses that take a file, with the fields that they need.
POSTS: dict[str, tuple[str, dict[str, str]]] = {
    "upload page": ("/upload/", {}),
    "admin": ("/admin/stylesim_app/artwork/add/", {"extra": "{}", "year": ""}),
    "API": ("/api/artworks/?allow_duplicate=true", {}),
    "search page": ("/search/", {}),
    "search API": ("/api/search/", {}),
}
ENTRANCES = (*POSTS, "import", "dry run", "thumbnail")
TAKEN = (200, 201, 202, 302)


class Entrances:
    """Everything that takes a file, and the counts of what it did with them."""

    def __init__(self, client: Any, folder: Path, run_on_commit: Callable[..., Any]) -> None:
        self._client, self._folder = client, folder
        self._run_on_commit = run_on_commit
        self.counts: Counter[tuple[str, str]] = Counter()
        self.kinds: dict[str, set[str]] = {each: set() for each in ENTRANCES}
        self.died: list[str] = []
        #: Of the processes that decode, in million bytes.
        self.largest = 0
        self._files: dict[str, list[Path]] = {"import": [], "dry run": []}

    def send(self, entrance: str, name: str, content: bytes, number: int) -> None:
        """Send a file to an entrance; imports collect theirs in a folder."""
        self.kinds[entrance].add(Path(name).suffix.lower())
        if entrance in POSTS:
            address, fields = POSTS[entrance]
            image = SimpleUploadedFile(name, content)
            title = {} if "search" in entrance else {"title": f"{number} {name}"[:200]}
            answer = self._client.post(address, {**fields, **title, "image": image})
            self.counts[entrance, str(answer.status_code)] += 1
            assert answer.status_code < 500, (entrance, name)
        elif entrance == "thumbnail":
            self._show_thumbnail(name, content)
        else:
            folder = self._folder / entrance
            folder.mkdir(exist_ok=True)
            place = folder / f"{number:05}{Path(name).suffix}"
            place.write_bytes(content)
            self._files[entrance].append(place)

    def _show_thumbnail(self, name: str, content: bytes) -> None:
        """Store a file without any check, as a host's own code may, and show its thumbnail."""
        artwork = Artwork(title=name[:200], is_public=True)
        artwork.image.save(name, ContentFile(content))
        address = reverse("stylesim:thumbnail", args=[artwork.pk, "small"])
        answers = [self._client.get(address)]
        tasks.make_thumbnails(artwork.pk)
        answers.append(self._client.get(address))
        answers.append(self._client.get(artwork.get_absolute_url()))
        for answer in answers:
            assert answer.status_code < 500, name
        self.counts["thumbnail", str(answers[1].status_code)] += 1

    def import_folders(self) -> None:
        """Import what was collected, once as a dry run."""
        for entrance, options in (("dry run", {"dry_run": True}), ("import", {})):
            out, errors = io.StringIO(), io.StringIO()
            try:
                with self._run_on_commit(execute=False):
                    call_command(
                        "stylesim_import",
                        self._folder / entrance,
                        stdout=out,
                        stderr=errors,
                        **options,
                    )
            except CommandError as error:
                # Files that could not be used are counted there; all others were taken.
                errors.write(f"\n{error}")
            failed = sum(line[:5].isdigit() for line in errors.getvalue().splitlines())
            self.counts[entrance, "failed"] += failed
            self.counts[entrance, "taken"] += len(self._files[entrance]) - failed

    def work_off(self) -> None:
        """Index everything, as a worker does."""
        with self._run_on_commit(execute=False):
            while worker.work_through(600):
                pass
        for model, name in ((IndexEntry, "worker"), (ImageSearch, "worker, searches")):
            for row in model.objects.all():
                self.counts[name, row.error_code or row.state] += 1

    def show(self, title: str, grown: int) -> None:
        """Print the counts, and the largest sizes of processes in million bytes."""
        print(f"\n{title}: ", end="")
        for (place, outcome), count in sorted(self.counts.items()):
            print(f"{place}: {outcome} {count}", end="; ")
        print(f"web grew by {grown} MB, largest process that decodes {self.largest} MB")


class Network:
    """A network whose descriptors are drawn: the files are what is tried here."""

    provenance = synthetic.PROVENANCE

    def describe(self, pixels: Any) -> list[Any]:
        assert pixels.shape[1:] == (224, 224, 3)
        return synthetic.draw_small(len(pixels))


@pytest.fixture
def entrances(
    staff_client, tmp_path, settings, monkeypatch, django_capture_on_commit_callbacks
) -> Iterator[Entrances]:
    settings.STYLESIM_SEARCH_THROTTLE = "1000000/minute"
    synthetic.shrink_network(monkeypatch)
    monkeypatch.setattr(pipeline, "get_network", Network)
    monkeypatch.setattr(upkeep, "maintain", lambda *_, **__: True)
    monkeypatch.setattr(upkeep, "is_urgent", lambda: False)
    found = Entrances(staff_client, tmp_path, django_capture_on_commit_callbacks)
    decode = decoders.Decoder.decode

    def watch(decoder: Any, *arguments: Any) -> Any:
        try:
            return decode(decoder, *arguments)
        except ImageError as error:
            if error.code == "image_decoder_died":
                found.died.append(str(error))
            raise
        finally:
            found.largest = max(found.largest, peak_of(decoder.pid))

    monkeypatch.setattr(decoders.Decoder, "decode", watch)
    decoders.decoders().close()
    yield found
    decoders.decoders().close()


def peak_of(process: str | int) -> int:
    """Return the largest memory that a process has had, in million bytes."""
    return _figure(process, "VmHWM")


def begin_peak() -> int:
    """Forget the largest memory of this process so far; return what it has."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _figure("self", "VmRSS")


def _figure(process: str | int, name: str) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return 0
    found = re.search(rf"{name}:\s*(\d+) kB", status)
    return int(found[1]) * 1024 // 1_000_000 if found else 0


def test_all_odd_files_pass_every_entrance(entrances):
    before = begin_peak()
    for number, name in enumerate(ODD_FILES):
        for entrance in ENTRANCES:
            # An import leaves out what is known, so that its files end in bytes of their own.
            end = entrance.encode() if entrance in ("import", "dry run") else b""
            entrances.send(entrance, name, content_of(name) + end, number)
    grown = peak_of("self") - before
    entrances.import_folders()
    entrances.work_off()
    entrances.show("odd files", grown)
    total = len(ODD_FILES)
    assert entrances.died == []
    for entrance in POSTS:
        assert sum(entrances.counts[entrance, str(status)] for status in TAKEN) == total
    assert entrances.counts["thumbnail", "200"] == total
    assert entrances.counts["import", "taken"] == entrances.counts["dry run", "taken"] == total
    failed = IndexEntry.objects.exclude(state=State.INDEXED)
    assert [(entry.artwork.title, entry.error) for entry in failed] == []
    assert not ImageSearch.objects.exclude(state=State.INDEXED).exists()
    assert grown < WEB_GROWTH


def test_two_thousand_mutants_break_no_entrance(entrances):
    names: set[str] = set()
    before = begin_peak()
    for number, (name, content) in enumerate(mutants(2000, seed=5)):
        names.add(name)
        # Each entrance sees every kind of file.
        entrance = ENTRANCES[number // 14 % len(ENTRANCES)]
        entrances.send(entrance, name, content, number)
    grown = peak_of("self") - before
    entrances.import_folders()
    entrances.work_off()
    entrances.show("mutants", grown)
    assert entrances.died == []
    seven = {".jpg", ".png", ".tif", ".webp", ".gif", ".avif"}
    assert all(kinds >= seven for kinds in entrances.kinds.values())
    assert "mpo.jpg" in names
    for model in (IndexEntry, ImageSearch):
        assert not model.objects.filter(state=State.PENDING).exists()
        assert not model.objects.filter(error_code__in=["unexpected", "worker_stopped"]).exists()
    assert grown < WEB_GROWTH
    assert entrances.largest < conf.decoder_memory_mb
