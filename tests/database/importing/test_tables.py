"""Tables of an import: CSV of any delimiter and encoding, spreadsheets, and rows with faults."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path

import openpyxl
import pytest

from stylesim_app.exceptions import ImportFailed
from stylesim_app.importing.sources import open_source
from stylesim_app.importing.sources.csv_file import read_csv

pytestmark = pytest.mark.django_db


def write(folder: Path, content: str | bytes, name: str = "list.csv") -> Path:
    for number in range(6):
        (folder / f"{number}.jpg").touch()
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def titles(path: Path, encoding: str = "") -> list[str | None]:
    """The titles of the rows that can be used; None for the others."""
    rows = open_source(path, encoding=encoding).rows()
    return [None if row.problem else row.fields.get("title", "") for row in rows]


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ('"file","Size (h; w; d; weight)","title"\n0.jpg,"1; 2",t\n', "t"),
        ("sep=;\nfile;title\n0.jpg;a, b\n", "a, b"),
        ('"sep=|"\r\nfile|title\r\n0.jpg|a;b\r\n', "a;b"),
        ("\ufefffile;title\n0.jpg;t\n", "t"),
        ("file\ttitle, all, of, it\ttitle\n0.jpg\tx\tt\n", "t"),
        ("file|title\n0.jpg|a, b; c\n", "a, b; c"),
        ("file;title\r0.jpg;t\r", "t"),
        ("file;title\r\n0.jpg;t\r\n", "t"),
        ("file,title\n0.jpg,a;b;c;d\n", "a;b;c;d"),
        ("file;note, with, commas;title\n0.jpg;1, 2;t\n", "t"),
        ('file,title\n0.jpg,"two\nlines"\n', "two\nlines"),
        ("file,title\n0.jpg,two\vlines\n", "two\nlines"),
        ('"file\n",title\n0.jpg,t\n', "t"),
    ],
)
def test_the_delimiter_is_the_one_that_gives_columns(tmp_path, content, title):
    assert titles(write(tmp_path, content)) == [title]


def test_a_list_of_files_may_have_any_sign_in_a_name(tmp_path):
    (tmp_path / "a, b; c.jpg").touch()
    rows = open_source(write(tmp_path, "file\n0.jpg\na, b; c.jpg\n")).rows()
    assert [(row.name, row.problem) for row in rows] == [("0.jpg", ""), ("a, b; c.jpg", "")]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "gb18030", "cp932", "mac_roman"])
def test_a_guessed_encoding_is_stated_with_an_example(tmp_path, encoding):
    title = {"gb18030": "齐白石", "cp932": "北斎"}.get(encoding, "Dürer")
    path = write(tmp_path, f"file\ttitle\n0.jpg\t{title}\n".encode(encoding))
    assert titles(path) == [title]
    assert open_source(path).notes == [
        f"Read as {encoding}, for example “{title}”. If that is wrong, set --encoding."
    ]


def test_an_encoding_may_be_set(tmp_path):
    path = write(tmp_path, "file;title\n0.jpg;Łódź\n".encode("cp1250"))
    with pytest.raises(ImportFailed, match=r"encoding of .* is unclear"):
        open_source(path)
    assert titles(path, encoding="cp1250") == ["Łódź"]
    with pytest.raises(ImportFailed, match="Unknown encoding: cp0"):
        open_source(path, encoding="cp0")
    with pytest.raises(ImportFailed, match="Unknown encoding: hex"):
        open_source(path, encoding="hex")


def test_a_row_in_another_encoding_is_reported_alone(tmp_path):
    content = "file,title\n0.jpg,Dürer\n1.jpg,Käthe\n".encode() + "2.jpg,Étude\n".encode("cp1252")
    rows = list(open_source(write(tmp_path, content)).rows())
    assert [row.problem for row in rows] == ["", "", "The row has characters that are not utf-8."]


def test_stray_quotation_marks_cost_their_own_rows(tmp_path):
    content = 'file\ttitle\n0.jpg\tzero\n1.jpg\t"Untitled\n2.jpg\ttwo\n3.jpg\t12"\n4.jpg\tfour\n'
    assert titles(write(tmp_path, content)) == ["zero", None, "two", '12"', "four"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ('0.jpg,a\n1.jpg,"b\n2.jpg\n3.jpg,12"\n', ["a", None, None, '12"']),
        ('0,a\n1,"b\n2,c\n3,12"\n', ["a", None, "c", '12"']),
        ('0.jpg,"a\nb, c\nd"\n1.jpg,e\n', ["a\nb, c\nd", "e"]),
    ],
)
def test_a_cell_that_swallows_rows_is_told_from_one_of_several_lines(tmp_path, rows, expected):
    for number in range(6):
        (tmp_path / f"{number}").touch()
    assert titles(write(tmp_path, f"file,title\n{rows}")) == expected


def test_a_line_without_end_is_reported_and_skipped(tmp_path, monkeypatch):
    monkeypatch.setattr("stylesim_app.importing.sources.csv_file.MAX_CHARACTERS", 100)
    content = "file,title\n0.jpg," + "x" * 1000 + "\n1.jpg,one\n"
    assert titles(write(tmp_path, content)) == [None, "one"]


def test_control_characters_are_reported(tmp_path):
    rows = open_source(write(tmp_path, "file,title\n0.jpg,a\x1fb\n1.jpg,b\n")).rows()
    assert [row.problem for row in rows] == [
        "The row contains a control character (U+001F).",
        "",
    ]


def test_a_table_that_vanishes_is_reported(tmp_path):
    with pytest.raises(ImportFailed, match="cannot be read: File not found"):
        read_csv(tmp_path / "missing.csv")


def write_sheet(folder: Path, *rows: list[object], name: str = "list.xlsx") -> Path:
    for number in range(6):
        (folder / f"{number}.jpg").touch()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    path = folder / name
    book.save(path)
    return path


def test_a_spreadsheet_is_read_as_a_person_would_type_it(tmp_path):
    path = write_sheet(
        tmp_path,
        [],
        ["file", "title", "year_number", "is_public", "acquired", "width"],
        ["0.jpg", "Étude", 1889.0, True, datetime.date(1990, 5, 1), 1.5],
        [],
        ["1.jpg"],
        ["2.jpg", "#REF!"],
    )
    source = open_source(path)
    rows = list(source.rows())
    assert source.total == 3
    assert [row.number for row in rows] == [3, 5, 6]
    assert rows[0].fields == {"title": "Étude", "year_number": "1889", "is_public": "yes"}
    assert rows[0].extra == {"acquired": "1990-05-01", "width": "1.5"}
    assert [row.problem for row in rows] == ["", "", "A cell has the error #REF!."]


def test_other_sheets_are_named(tmp_path):
    path = write_sheet(tmp_path, ["file"], ["0.jpg"])
    book = openpyxl.load_workbook(path)
    book.create_sheet("Loans")
    book.save(path)
    assert open_source(path).notes == ["Read the sheet “Sheet”; other sheets were ignored."]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("list.xlsx", b"no archive", "cannot be read"),
        ("list.xls", b"\xd0\xcf\x11\xe0", "Save it as .xlsx or .csv"),
        ("list.ods", b"PK", "Save it as .xlsx or .csv"),
    ],
)
def test_other_spreadsheets_are_refused(tmp_path, name, content, reason):
    with pytest.raises(ImportFailed, match=reason):
        open_source(write(tmp_path, content, name))


def test_an_archive_that_is_no_spreadsheet_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "list.xlsx", "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(ImportFailed, match="cannot be read"):
        open_source(tmp_path / "list.xlsx")
    with pytest.raises(ImportFailed, match="only with a CSV file"):
        open_source(write_sheet(tmp_path, ["file"], ["0.jpg"]), encoding="utf-8")
