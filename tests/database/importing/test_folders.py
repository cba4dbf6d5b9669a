"""Folders as systems keep them: what is left out, and what is reported."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from stylesim_app.exceptions import ImportFailed
from stylesim_app.importing.sources import open_source

pytestmark = pytest.mark.django_db


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_what_systems_keep_beside_pictures_is_skipped_and_counted(tmp_path):
    systems = [
        "room/@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg",
        "#recycle/old.jpg",
        "$RECYCLE.BIN/S-1-5/$R1.jpg",
        "lost+found/x.jpg",
        "__MACOSX/room/._a.jpg",
        "room/._a.jpg",
        ".AppleDouble/a.jpg",
        "System Volume Information/t.jpg",
        "room/Thumbs.db",
        "room/.DS_Store",
    ]
    source = open_source(touch(tmp_path, "room/a.jpg", "room/notes.txt", *systems))
    assert [row.name for row in source.rows()] == ["room/a.jpg"]
    assert source.notes == [
        "Skipped 1 file that is not a picture.",
        "Skipped 10 hidden or system files and folders.",
    ]
    assert len(source.skipped) == 11


def test_links_are_followed_inside_and_refused_outside(tmp_path):
    folder = touch(tmp_path / "in", "a.jpg", "below/b.jpg")
    touch(tmp_path / "elsewhere", "c.jpg")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (folder / "again.jpg").symlink_to("a.jpg")
    (folder / "out.jpg").symlink_to(tmp_path / "elsewhere" / "c.jpg")
    source = open_source(folder)
    refused = "This link leads out of the folder, so it is not followed."
    assert {row.name: row.problem for row in source.rows()} == {
        "a.jpg": "",
        "again.jpg": "",
        "linked": refused,
        "out.jpg": refused,
        "below/b.jpg": "",
    }
    assert source.notes == ["Skipped 1 link to a folder that is searched anyway."]


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders called ``closed`` may not be listed; the tests may run as root."""
    scan = os.scandir

    def scandir(path: Path):
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)


def test_a_folder_that_may_not_be_read_is_a_row_that_failed(tmp_path, closed):
    source = open_source(touch(tmp_path, "a.jpg", "closed/b.jpg", "open/c.jpg"))
    assert {row.name: row.problem for row in source.rows()} == {
        "a.jpg": "",
        "closed": "The folder cannot be read: Permission denied.",
        "open/c.jpg": "",
    }
    assert source.total == 3


def test_a_source_that_may_not_be_read_is_refused(tmp_path, closed):
    with pytest.raises(ImportFailed, match="cannot be read: Permission denied"):
        open_source(touch(tmp_path / "closed", "a.jpg"))


def test_a_pipe_is_no_picture(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    (row,) = open_source(tmp_path).rows()
    with pytest.raises(OSError, match="not a file"):
        row.open()


def test_a_file_name_of_several_lines_is_shown_on_one(tmp_path):
    (row,) = open_source(touch(tmp_path, "a\n\x1bb.jpg")).rows()
    assert (row.place, row.title) == ("a b.jpg", "a b")
