"""The command ``stylesim_import``: folders, repeated imports, and errors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.management import CommandError
from django.db import IntegrityError
from django_q.models import OrmQ

from stylesim_app.collection.fields import check_upload
from stylesim_app.importing import run as importing
from stylesim_app.importing.outcome import ImportedRow, RowState
from stylesim_app.importing.sources import open_source
from stylesim_app.models import Artwork, IndexEntry, WorkItem
from tests import pictures

from .import_sources import run, write_manifest, write_pictures

pytestmark = pytest.mark.django_db


def test_a_folder_gives_a_private_work_for_each_picture_titled_by_its_file(folder, capsys):
    write_pictures(folder, "disc-a", "deep/down/bars-b")
    (folder / "notes.txt").write_text("not a picture, and not meant as one")
    (folder / ".hidden.png").write_bytes(pictures.png("disc-c"))
    write_pictures(folder / ".trash", "disc-b")
    run(folder)
    assert sorted(Artwork.objects.values_list("title", "is_public")) == [
        ("bars-b", False),
        ("disc-a", False),
    ]
    printed = capsys.readouterr().out
    assert "2 added, 0 already in the collection, 0 failed." in printed
    assert "Skipped 1 file" in printed
    assert "visible to staff only" in printed


def test_what_was_imported_waits_with_its_hash_and_one_message_rings(
    folder, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        run(write_pictures(folder, "disc-a", "bars-a", "cross-a"))
    entries = IndexEntry.objects.all()
    assert {entry.state for entry in entries} == {WorkItem.State.PENDING}
    assert all(entry.image_name == entry.artwork.image.name for entry in entries)
    assert len({entry.image_sha256 for entry in entries}) == 3
    assert OrmQ.objects.count() == 1


def test_a_second_import_adds_nothing_rings_nobody_and_says_so(
    folder, capsys, django_capture_on_commit_callbacks
):
    run(write_pictures(folder, "disc-a", "bars-a"))
    Artwork.objects.filter(title="disc-a").update(title="Renamed by hand")
    capsys.readouterr()
    with django_capture_on_commit_callbacks() as callbacks:
        run(folder)
    assert callbacks == []
    assert "0 added, 2 already in the collection, 0 failed." in capsys.readouterr().out
    assert set(Artwork.objects.values_list("title", flat=True)) == {"Renamed by hand", "bars-a"}


def test_the_same_bytes_twice_in_one_import_are_one_work(folder, capsys):
    write_pictures(folder, "disc-a")
    (folder / "copy.png").write_bytes((folder / "disc-a.png").read_bytes())
    run(folder)
    assert Artwork.objects.count() == 1
    assert "1 added, 1 already in the collection" in capsys.readouterr().out


def test_an_upload_that_no_worker_has_read_yet_is_known(folder, capsys, make_artwork):
    make_artwork("disc-a")
    run(write_pictures(folder, "disc-a"))
    assert "0 added, 1 already in the collection" in capsys.readouterr().out


def test_an_upload_whose_file_vanished_does_not_stop_the_import(folder, make_artwork):
    artwork = make_artwork("disc-a")
    artwork.image.storage.delete(artwork.image.name)
    run(write_pictures(folder, "disc-a"))
    assert Artwork.objects.count() == 2


def test_bad_rows_are_reported_with_row_file_and_reason_and_the_rest_goes_on(folder, capsys):
    inside = write_pictures(folder / "in", "disc-a", "cross-c")
    (inside / "empty.png").write_bytes(b"")
    (inside / "text.jpg").write_text("no image")
    (inside / "cut.png").write_bytes(pictures.png("bars-b")[:200])
    write_pictures(folder, "bars-a")
    path = write_manifest(
        inside,
        ["file", "title", "is_public", "year_number"],
        ["disc-a.png", "First", "", ""],
        ["empty.png", "", "", ""],
        ["text.jpg", "", "", ""],
        [],
        ["cut.png", "", "", ""],
        ["missing.png", "", "", ""],
        ["../bars-a.png", "", "", ""],
        [str(folder / "bars-a.png"), "", "", ""],
        ["", "", "", ""],
        ["", "no file", "", ""],
        ["cross-c.png", "t" * 501, "", ""],
        ["cross-c.png", "", "perhaps", ""],
        ["cross-c.png", "", "", "MDCCC"],
        ["cross-c.png", "a\0b", "", ""],
        ["cross-c.png", "", "", "", "one too many"],
        ["cross-c.png", "one too few", ""],
        ["cross-c.png", "Last", "", ""],
    )
    with pytest.raises(CommandError, match="13 of 15 could not be imported") as caught:
        run(path)
    assert caught.value.returncode == 1
    assert set(Artwork.objects.values_list("title", flat=True)) == {"First", "Last"}
    printed = capsys.readouterr()
    assert "2 added, 0 already in the collection, 13 failed." in printed.out
    lines = printed.err.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "row 3, empty.png",
        "row 4, text.jpg",
        "row 6, cut.png",
        "row 7, missing.png",
        "row 8, ../bars-a.png",
        f"row 9, {folder / 'bars-a.png'}",
        "row 11, ?",
        "row 12, cross-c.png",
        "row 13, cross-c.png",
        "row 14, cross-c.png",
        "row 15, cross-c.png",
        "row 16, cross-c.png",
        "row 17, cross-c.png",
    ]
    reasons = [
        "The file is empty.",
        "not an image in one of these formats",
        "a part of the file is missing",
        "File not found.",
        "is outside the folder",
        "is outside the folder",
        "The row names no file.",
        "Title: Ensure this value has at most 500 characters",
        "Public: “perhaps” value must be either True or False.",
        "Year as a number: “MDCCC” value must be an integer.",
        "control character (U+0000)",
        "more cells than the header",
        "fewer cells than the header: 3 instead of 4",
    ]
    for line, reason in zip(lines, reasons, strict=True):
        assert reason in line


def test_nothing_of_a_failed_row_stays_in_storage(folder, settings, monkeypatch):
    def refuse(*args: object, **options: object) -> None:
        raise IntegrityError("the host's own rule")

    monkeypatch.setattr(Artwork, "save", refuse)
    source = open_source(write_pictures(folder / "in", "disc-a"))
    imported: list[ImportedRow] = []
    importing.import_works(source.rows(), on_row=imported.append)
    assert [(row.state, row.reason, row.detail) for row in imported] == [
        (
            RowState.FAILED,
            "An unexpected error occurred with this row.",
            "IntegrityError: the host's own rule",
        )
    ]
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_a_rule_of_the_whole_artwork_is_reported_without_a_field(folder, capsys, monkeypatch):
    def refuse(self: Artwork) -> None:
        raise ValidationError("Neither artist nor collection.")

    monkeypatch.setattr(Artwork, "clean", refuse)
    with pytest.raises(CommandError):
        run(write_pictures(folder, "disc-a"))
    assert capsys.readouterr().err == "disc-a.png: Neither artist nor collection.\n"


def test_paths_that_hold_nothing_are_refused(folder):
    with pytest.raises(CommandError, match="Folder or manifest not found"):
        run(folder / "missing")
    with pytest.raises(CommandError, match="cannot be read: File name too long"):
        run(folder / ("x" * 300))
    with pytest.raises(CommandError, match="No pictures found in"):
        run(folder)
    write_pictures(folder, "disc-a")
    with pytest.raises(CommandError, match="work only with a manifest"):
        run(folder, "--map", "a=artist")
    with pytest.raises(CommandError, match="work only with a manifest"):
        run(folder, "--root", str(folder))


def test_a_file_that_cannot_be_opened_is_reported(folder, capsys, monkeypatch):
    write_pictures(folder, "disc-a", "bars-a")
    open_path = Path.open

    def refuse(path: Path, *args: Any, **options: Any) -> object:
        if path.name == "disc-a.png":
            raise PermissionError(13, "Permission denied", str(path))
        return open_path(path, *args, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CommandError, match="1 of 2"):
        run(folder)
    assert "Permission denied" in capsys.readouterr().err
    assert Artwork.objects.get().title == "bars-a"


def test_ctrl_c_keeps_what_was_added_and_rings(
    folder, capsys, monkeypatch, django_capture_on_commit_callbacks
):
    def interrupt(upload: ContentFile) -> object:
        if upload.name == "cross-a.png":
            raise KeyboardInterrupt
        return check_upload(upload)

    monkeypatch.setattr(importing, "check_upload", interrupt)
    write_pictures(folder, "bars-a", "cross-a", "disc-a")
    with (
        django_capture_on_commit_callbacks() as callbacks,
        pytest.raises(CommandError, match="Imported works are kept") as caught,
    ):
        run(folder)
    assert caught.value.returncode == 130
    assert len(callbacks) == 1
    assert "1 added" in capsys.readouterr().out
    assert Artwork.objects.get().title == "bars-a"


def test_an_animation_is_imported_with_the_ending_of_its_format(folder):
    frames = [pictures.draw("disc-a"), pictures.draw("bars-a")]
    (folder / "moving.png").write_bytes(
        pictures.encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    )
    run(folder)
    artwork = Artwork.objects.get()
    assert artwork.title == "moving"
    assert artwork.image.name.endswith(".gif")


def test_a_name_that_is_no_text_and_a_year_beyond_reason_do_not_stop_the_rest(folder, capsys):
    write_pictures(folder, "disc-a", "disc-b", "disc-c")
    (folder / "disc-a.png").rename(os.fsdecode(bytes(folder) + b"/bad\xff.png"))
    manifest = write_manifest(
        folder,
        ["file", "year", "year_number"],
        ["disc-b.png", "9" * 30, "9" * 30],
        ["disc-c.png", "1900", ""],
    )
    with pytest.raises(CommandError):
        run(manifest)
    assert [artwork.year_number for artwork in Artwork.objects.all()] == [1900]
    run(folder)
    assert "bad?" in [artwork.title for artwork in Artwork.objects.all()]
    assert Artwork.objects.count() == 3
