"""Runs of an import: repeated files, updates, dry runs, and reports."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import translation

from stylesim_app.importing import run as importing
from stylesim_app.importing.outcome import ImportedRow
from stylesim_app.importing.report import Report
from stylesim_app.importing.sources import open_source
from stylesim_app.importing.sources.base import Row
from stylesim_app.models import Artwork, IndexEntry
from tests import pictures

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    for name in ("disc-a", "bars-a", "cross-a"):
        (path / f"{name}.png").write_bytes(pictures.png(name))
    return path


@pytest.fixture
def write(folder: Path) -> Callable[[str], Path]:
    """Write a manifest beside the pictures."""

    def write_manifest(content: str) -> Path:
        path = folder / "works.csv"
        path.write_text(content)
        return path

    return write_manifest


def run(path: Path, *options: str) -> None:
    call_command("stylesim_import", str(path), *options)


def test_a_repeated_file_with_other_values_is_reported(folder, write, capsys):
    (folder / "copy.png").write_bytes((folder / "disc-a.png").read_bytes())
    path = write(
        "file,title\ndisc-a.png,Disc\ndisc-a.png,Disc\ncopy.png,\ncopy.png,Other\nbars-a.png,B\n"
    )
    with pytest.raises(CommandError, match="1 of 5"):
        run(path)
    printed = capsys.readouterr()
    assert "2 added, 2 already in the collection, 1 failed." in printed.out
    assert "row 3, disc-a.png: The same file as row 2, disc-a.png." in printed.out
    assert printed.err == (
        "row 5, copy.png: The same file as row 2, disc-a.png, but with other values, which were "
        "not used.\n"
    )
    assert set(Artwork.objects.values_list("title", flat=True)) == {"Disc", "B"}


def test_update_changes_known_works_to_the_cells_that_are_not_empty(folder, write, capsys):
    run(write("file,title,artist,medium,Lender\ndisc-a.png,Disc,Anon,oil,A\nbars-a.png,B,,,\n"))
    path = write(
        "file,title,artist,medium,Lender,Room\n"
        "disc-a.png,,Münter,oil,,7\nbars-a.png,B,,,,\ncross-a.png,New,,,,\n"
    )
    capsys.readouterr()
    run(path)
    assert Artwork.objects.get(title="Disc").artist == "Anon"
    Artwork.objects.filter(title="New").delete()
    run(path, "--update")
    printed = capsys.readouterr().out
    assert "1 added, 1 updated, 1 unchanged, 0 already in the collection, 0 failed." in printed
    disc = Artwork.objects.get(title="Disc")
    assert (disc.artist, disc.medium) == ("Münter", "oil")
    assert disc.extra == {"Lender": "A", "Room": "7"}
    run(path, "--update")
    assert "0 added, 0 updated, 3 unchanged" in capsys.readouterr().out


def test_an_update_that_is_invalid_changes_nothing(folder, write, capsys):
    run(write("file,title,is_public\ndisc-a.png,Disc,no\n"))
    with pytest.raises(CommandError):
        run(write("file,title,is_public\ndisc-a.png,Other,perhaps\n"), "--update")
    assert "must be either True or False" in capsys.readouterr().err
    assert Artwork.objects.get().title == "Disc"


def test_an_update_asks_for_no_new_descriptor(folder, write):
    run(write("file,title\ndisc-a.png,Disc\n"))
    IndexEntry.objects.update(state="indexed")
    run(write("file,title\ndisc-a.png,Other\n"), "--update")
    assert Artwork.objects.get().title == "Other"
    assert IndexEntry.objects.get().state == "indexed"


def test_a_dry_run_prints_every_row_and_writes_nothing(folder, write, capsys, make_artwork):
    make_artwork("disc-a")
    IndexEntry.objects.all().delete()
    (folder / "cut.png").write_bytes(pictures.png("bars-b")[:200])
    path = write(
        "file,title\ndisc-a.png,Disc\nbars-a.png,B\nbars-a.png,B\ncut.png,C\nmissing.png,M\n"
    )
    with pytest.raises(CommandError, match="2 of 5"):
        run(path, "--dry-run")
    printed = capsys.readouterr()
    assert "row 2, disc-a.png: already in the collection" in printed.out
    assert "row 3, bars-a.png: would be added" in printed.out
    assert "row 4, bars-a.png: The same file as row 3, bars-a.png." in printed.out
    assert "Dry run, nothing was written: 1 added, 2 already" in printed.out
    assert "row 5, cut.png: The image is incomplete" in printed.err
    assert Artwork.objects.get().title == "disc-a"
    assert not IndexEntry.objects.exists()
    with pytest.raises(CommandError):
        run(path, "--dry-run", "--update")
    assert "row 2, disc-a.png: would be updated" in capsys.readouterr().out
    assert Artwork.objects.get().title == "disc-a"


def test_a_dry_run_decodes_pictures_and_reports_those_that_a_worker_cannot(
    folder, tmp_path, capsys
):
    jpeg = pictures.encode(pictures.draw("bars-b", (400, 300)), "JPEG")
    (folder / "half.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    report = tmp_path / "report.csv"
    with pytest.raises(CommandError, match="1 of 4"):
        run(folder, "--dry-run", "--report", str(report))
    printed = capsys.readouterr()
    assert "half.jpg: The image is incomplete" in printed.err
    assert "3 added, 0 already in the collection, 1 failed." in printed.out
    rows = {row["file"]: row for row in read_csv_report(report)}
    assert rows["half.jpg"]["state"] == "failed"
    assert "a part of the file is missing" in rows["half.jpg"]["reason"]
    assert not Artwork.objects.exists()


def read_csv_report(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_report_has_every_row_and_what_was_skipped(folder, tmp_path):
    (folder / "notes.txt").touch()
    (folder / "=cut.png").write_bytes(pictures.png("bars-b")[:200])
    path = tmp_path / "report.csv"
    with pytest.raises(CommandError):
        run(folder, "--report", str(path))
    rows = {row.pop("file"): row for row in read_csv_report(path)}
    assert {name: row["state"] for name, row in rows.items()} == {
        "notes.txt": "skipped",
        "'=cut.png": "failed",
        "bars-a.png": "added",
        "cross-a.png": "added",
        "disc-a.png": "added",
    }
    assert "is incomplete" in rows["'=cut.png"]["reason"]
    assert rows["disc-a.png"]["artwork"] == str(Artwork.objects.get(title="disc-a").pk)


def test_a_report_in_json_is_complete_after_every_row(folder, write, tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    add = Report.add
    seen: list[int] = []

    def add_and_read(self: Report, imported: Any) -> None:
        add(self, imported)
        seen.append(len(json.loads(path.read_text())))

    monkeypatch.setattr(Report, "add", add_and_read)
    run(write("file,title\ndisc-a.png,Ä\nbars-a.png,B\n"), "--report", str(path))
    assert seen == [1, 2]
    assert json.loads(path.read_text())[0] == {
        "row": 2,
        "file": "disc-a.png",
        "state": "added",
        "artwork": str(Artwork.objects.get(title="Ä").pk),
        "reason": "",
        "detail": "",
    }


def test_a_report_that_cannot_be_is_refused_before_anything_is_added(folder, write, tmp_path):
    path = write("file\ndisc-a.png\n")
    for report, message in (
        (path, "would overwrite"),
        (tmp_path / "report.txt", r"must be a \.csv or \.json file"),
        (tmp_path / "none" / "report.csv", "cannot be written: File not found"),
    ):
        with pytest.raises(CommandError, match=message):
            run(path, "--report", str(report))
    assert path.read_text() == "file\ndisc-a.png\n"
    assert not Artwork.objects.exists()


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_report_on_a_full_disk_does_not_stop_the_import(folder, tmp_path, monkeypatch, ending):
    def fill(self: Any) -> Any:
        class Full:
            def write(self, *_text: object) -> int:
                raise OSError(28, "No space left on device")

            tell = seek = close = write

        self._file.close()
        self._file = Full()
        return self

    monkeypatch.setattr(Report, "__enter__", fill)
    with pytest.raises(CommandError, match="cannot be written: No space left on device"):
        run(folder, "--report", str(tmp_path / f"report.{ending}"))
    assert Artwork.objects.count() == 3


def test_an_empty_path_is_refused():
    for path in ("", " "):
        with pytest.raises(CommandError, match="Give the path of a folder"):
            call_command("stylesim_import", path)


def import_all(folder: Path) -> dict[str, str]:
    """The reason of each row, by its file."""
    imported: list[ImportedRow] = []
    importing.import_works(open_source(folder).rows(), on_row=imported.append)
    return {row.row.name: row.reason for row in imported}


def test_a_file_that_disappears_is_reported(folder):
    source = open_source(folder)
    (folder / "cross-a.png").unlink()
    imported: list[ImportedRow] = []
    importing.import_works(source.rows(), on_row=imported.append)
    assert {row.row.name: row.reason for row in imported} == {
        "bars-a.png": "",
        "cross-a.png": "File not found.",
        "disc-a.png": "",
    }


def test_a_database_that_is_busy_costs_one_row(folder, monkeypatch):
    save = Artwork.save

    def save_or_fail(self: Artwork, *args: Any, **options: Any) -> None:
        if self.title == "cross-a":
            raise OperationalError("database is locked")
        save(self, *args, **options)

    monkeypatch.setattr(Artwork, "save", save_or_fail)
    assert import_all(folder) == {
        "bars-a.png": "",
        "cross-a.png": "The row could not be stored, because the database did not answer.",
        "disc-a.png": "",
    }
    assert Artwork.objects.count() == 2


def test_a_title_from_a_file_name_fits_its_field(folder, monkeypatch):
    monkeypatch.setattr(Artwork._meta.get_field("title"), "max_length", 3)
    assert not any(import_all(folder).values())
    assert set(Artwork.objects.values_list("title", flat=True)) == {"dis", "bar", "cro"}


def test_an_archive_with_a_spreadsheet_is_imported_and_known_again(folder, tmp_path, capsys):
    book = openpyxl.Workbook()
    book.active.append(["file", "title", "year_number"])
    book.active.append(["scans/disc-a.png", "Disc", 1889])
    book.save(tmp_path / "works.xlsx")
    path = tmp_path / "loan.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tmp_path / "works.xlsx", "works.xlsx")
        archive.write(folder / "disc-a.png", "scans/disc-a.png")
    run(path)
    artwork = Artwork.objects.get()
    assert (artwork.title, artwork.year_number) == ("Disc", 1889)
    assert artwork.image.read() == pictures.png("disc-a")
    run(path)
    assert "0 added, 1 already in the collection" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_the_report_has_the_words_of_the_library(folder, tmp_path, monkeypatch, ending):
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "locked.png").write_bytes(b"x")
    opened = Row.open

    def refuse(row):
        if row.name.endswith("locked.png"):
            raise PermissionError(13, "Permission denied", str(folder / "locked.png"))
        return opened(row)

    monkeypatch.setattr(Row, "open", refuse)
    path = tmp_path / f"report.{ending}"
    with translation.override("zh-hans"), pytest.raises(CommandError):
        run(folder, "--report", str(path))
    rows = json.loads(path.read_text()) if ending == "json" else read_csv_report(path)
    found = {Path(row["file"]).name: row for row in rows}
    assert found["locked.png"]["reason"] == "没有访问权限"
    assert found["locked.png"]["detail"].startswith("PermissionError: [Errno 13]")
    assert "JPEG" in found["broken.png"]["reason"]
    assert found["disc-a.png"]["detail"] == ""
    assert found["broken.png"]["detail"] == ""


def test_an_archive_that_is_none_is_refused_in_the_language_of_the_reader(tmp_path):
    path = tmp_path / "works.zip"
    path.write_bytes(b"no archive")
    with (
        translation.override("zh-hans"),
        pytest.raises(CommandError, match="文件已损坏，或不是此类文件"),
    ):
        run(path)
