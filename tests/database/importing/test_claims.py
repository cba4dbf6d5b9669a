"""Two imports at once, and imports that are killed: each file once, and nothing half."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import threading
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection
from django.utils import timezone

from stylesim_app.importing import claims
from stylesim_app.importing import run as importing
from stylesim_app.importing.outcome import ImportedRow, RowState
from stylesim_app.importing.sources import open_source
from stylesim_app.models import Artwork, ImportedFile, IndexEntry
from stylesim_app.work import known_files
from tests import pictures

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    for name in pictures.NAMES:
        (path / f"{name}.png").write_bytes(pictures.png(name))
    return path


def import_folder(folder: Path) -> list[ImportedRow]:
    imported: list[ImportedRow] = []
    importing.import_works(open_source(folder).rows(), on_row=imported.append)
    return imported


def media(settings) -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_add_each_file_once(folder, settings):
    results: list[list[ImportedRow]] = []

    def work() -> None:
        try:
            results.append(import_folder(folder))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = [row.state for rows in results for row in rows]
    assert states.count(RowState.ADDED) == len(pictures.NAMES)
    assert states.count(RowState.KNOWN) == 2 * len(pictures.NAMES)
    assert Artwork.objects.count() == len(pictures.NAMES)
    assert media(settings) == set(Artwork.objects.values_list("image", flat=True))
    assert not ImportedFile.objects.exists()


def leave_claim(sha256: str = "0" * 64, **values: object) -> ImportedFile:
    defaults = {"host": socket.gethostname(), "process_id": os.getpid(), "process": uuid.uuid4()}
    return ImportedFile.objects.create(sha256=sha256, **{**defaults, **values})


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_a_killed_import_leaves_no_file_to_the_next(folder, settings):
    name = default_storage.save("artworks/half.png", (folder / "disc-a.png").open("rb"))
    leave_claim(image_name=name, process_id=ended_process())
    import_folder(folder)
    assert not default_storage.exists(name)
    assert media(settings) == set(Artwork.objects.values_list("image", flat=True))
    assert not ImportedFile.objects.exists()


def test_the_file_of_an_artwork_outlives_its_claim(folder, make_artwork):
    artwork = make_artwork("disc-a")
    leave_claim(image_name=artwork.image.name, process_id=ended_process())
    claims.discard_abandoned()
    assert default_storage.exists(artwork.image.name)
    assert not ImportedFile.objects.exists()


@pytest.mark.parametrize(
    ("values", "is_abandoned"),
    [
        ({}, True),
        ({"process": claims._PROCESS}, False),
        ({"process_id": os.getppid()}, False),
        ({"process_id": 1}, False),
        ({"host": "another"}, False),
        ({"host": "another", "started_at": timezone.now() - timedelta(hours=1)}, True),
    ],
)
def test_a_claim_is_abandoned_with_its_process_or_after_a_time(values, is_abandoned):
    leave_claim(**values)
    claims.discard_abandoned()
    assert ImportedFile.objects.exists() is not is_abandoned


def test_a_file_that_another_import_holds_for_long_is_reported(folder, monkeypatch):
    monkeypatch.setattr(claims, "WAIT_SECONDS", 0)
    sha256 = hashlib.sha256(pictures.png("disc-a")).hexdigest()
    leave_claim(sha256, host="another")
    failed = [row for row in import_folder(folder) if row.state is RowState.FAILED]
    assert [row.row.name for row in failed] == ["disc-a.png"]
    assert "Another import is storing this file" in failed[0].reason
    assert ImportedFile.objects.get().host == "another"


def test_an_import_whose_claim_was_taken_adds_nothing(folder, settings, monkeypatch):
    save = Artwork.save

    def save_late(self: Artwork, *args: object, **options: object) -> None:
        ImportedFile.objects.all().delete()
        save(self, *args, **options)

    monkeypatch.setattr(Artwork, "save", save_late)
    assert {row.state for row in import_folder(folder)} == {RowState.FAILED}
    assert not Artwork.objects.exists()
    assert not IndexEntry.objects.exists()


def test_an_upload_at_the_same_time_is_known_to_the_import(folder, settings, monkeypatch):
    name = pictures.NAMES[0]
    content = pictures.png(name)

    def upload_first(upload: object) -> None:
        if not Artwork.objects.exists():
            known_files.add_unless_known(
                ContentFile(content),
                lambda: Artwork.objects.create(image=ContentFile(content, name="uploaded.png")),
                Artwork.objects.all(),
            )

    monkeypatch.setattr(importing, "check_upload", upload_first)
    for other in pictures.NAMES[1:]:
        (folder / f"{other}.png").unlink()
    (row,) = import_folder(folder)
    assert row.state is RowState.KNOWN
    assert row.artwork == Artwork.objects.get().pk
    assert media(settings) == {Artwork.objects.get().image.name}
    assert not ImportedFile.objects.exists()


def test_a_storage_that_fails_half_way_keeps_nothing(folder, settings, monkeypatch):
    save = FileSystemStorage.save

    def save_half(self, name: str, content: Any, max_length: int | None = None) -> str:
        save(self, name, content, max_length=max_length)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FileSystemStorage, "save", save_half)
    imported = import_folder(folder)
    assert {row.reason for row in imported} == {"No space left on device"}
    assert media(settings) == set()
    assert not ImportedFile.objects.exists()


def test_a_storage_may_raise_anything(folder, monkeypatch):
    class Throttled(Exception):
        """An error of a bucket, which is no OSError."""

    save = FileSystemStorage.save
    calls: list[str] = []

    def throttle(self, name: str, content: Any, max_length: int | None = None) -> str:
        calls.append(name)
        if len(calls) == 2:
            raise Throttled
        return save(self, name, content, max_length=max_length)

    monkeypatch.setattr(FileSystemStorage, "save", throttle)
    imported = import_folder(folder)
    [failed] = [row for row in imported if row.state is RowState.FAILED]
    assert failed.reason == "An unexpected error occurred with this row."
    assert failed.detail.startswith("Throttled")
    assert Artwork.objects.count() == len(pictures.NAMES) - 1
