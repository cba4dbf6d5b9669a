"""Zip archives: what is read, refused and bounded."""

from __future__ import annotations

import stat
import unicodedata
import zipfile
from pathlib import Path

import pytest

from stylesim_app.exceptions import ImportFailed
from stylesim_app.importing.sources import archives, open_source
from stylesim_app.importing.sources.archives import EntryProblem
from stylesim_app.importing.sources.base import Source

pytestmark = pytest.mark.django_db


def write_zip(folder: Path, entries: dict[str, bytes], name: str = "works.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)
    return path


def problems(source: Source) -> dict[str, str]:
    """The reason of each row, of the source or when it is opened."""
    found = {}
    for row in source.rows():
        found[row.name] = row.problem
        if not row.problem:
            try:
                row.open().close()
            except EntryProblem as error:
                found[row.name] = str(error)
    return found


def test_pictures_are_read_and_what_is_none_is_skipped(tmp_path):
    path = write_zip(
        tmp_path,
        {
            "room/a.jpg": b"picture",
            "notes.txt": b"",
            "__MACOSX/room/._a.jpg": b"",
            "room/Thumbs.db": b"",
        },
    )
    source = open_source(path)
    (row,) = source.rows()
    assert (row.name, row.title, source.total) == ("room/a.jpg", "a", 1)
    assert source.notes == [
        "Skipped 1 file that is not a picture.",
        "Skipped 2 hidden or system files and folders.",
    ]
    assert [row.open().read() for row in source.rows()] == [b"picture"]


def test_entries_that_lead_out_or_hide_others_are_refused(tmp_path):
    path = write_zip(
        tmp_path,
        {"a.jpg": b"x", "../b.jpg": b"x", "/c.jpg": b"x", "C:\\d.jpg": b"x", "more.zip": b"x"},
    )
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/hostname")
    outside = "The path leads out of the archive."
    assert problems(open_source(path)) == {
        "../b.jpg": outside,
        "/c.jpg": outside,
        "C:/d.jpg": outside,
        "more.zip": "Archives in an archive are not read. Import this one by itself.",
        "link.jpg": "This link leads out of the folder, so it is not followed.",
        "a.jpg": "",
    }


def test_expansion_is_bounded(tmp_path, settings, monkeypatch):
    settings.STYLESIM_MAX_UPLOAD_MB = 5
    path = write_zip(
        tmp_path, {"a.jpg": b"0" * 2_000_000, "b.jpg": bytes(6_000_000), "c.jpg": b"x"}
    )
    assert problems(open_source(path)) == {
        "a.jpg": "The file expands to more than 200 times its size in the archive.",
        "b.jpg": "The file is too large: 6.0 MB. The limit is 5 MB.",
        "c.jpg": "",
    }
    monkeypatch.setattr(archives, "MAX_ENTRIES", 2)
    with pytest.raises(ImportFailed, match=r"has 3 entries\. The limit is 2"):
        open_source(path)
    with (
        zipfile.ZipFile(path) as archive,
        pytest.raises(ImportFailed, match=r"expands to 0\.0 GB"),
    ):
        archives.check_bounds(archive.infolist()[:2], max_bytes=100)


def test_encrypted_and_damaged_entries_are_reported(tmp_path):
    path = write_zip(tmp_path, {"a.jpg": b"first" * 9, "b.jpg": b"second" * 9, "c.jpg": b"third"})
    content = bytearray(path.read_bytes())
    # The flag of encryption of the first entry, in both places; the method of the second.
    content[6] |= 1
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    second = content.index(b"PK\x01\x02", directory + 4)
    content[second + 10] = 99
    path.write_bytes(content)
    found = problems(open_source(path))
    assert found["a.jpg"] == "The file is encrypted in the archive."
    assert "cannot be read from the archive" in found["b.jpg"]
    assert found["c.jpg"] == ""


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("gb18030", "齐白石.jpg"), ("cp437", "Dürer.jpg"), ("utf-8", "Käthe.jpg")],
)
def test_names_of_other_systems_are_decoded(tmp_path, encoding, name):
    raw = name.encode(encoding)
    path = write_zip(tmp_path, {"n" * len(raw): b"x"})
    path.write_bytes(path.read_bytes().replace(b"n" * len(raw), raw))
    (row,) = open_source(path).rows()
    assert row.name == name


def test_a_manifest_in_the_archive_gives_the_facts(tmp_path):
    composed = "Gewölbe.jpg"
    path = write_zip(
        tmp_path,
        {
            f"in/sub/{unicodedata.normalize('NFD', composed)}": b"1",
            "in/b.jpg": b"2",
            "in/list.csv": f"file;title\nsub\\{composed};Vault\nB.JPG;b\nnone.jpg;n\n"
            "../../x.jpg;x\n".encode(),
        },
    )
    source = open_source(path)
    rows = list(source.rows())
    assert [row.problem for row in rows] == [
        "",
        "",
        "File not found.",
        "The file is outside the folder in.",
    ]
    assert rows[0].fields == {"title": "Vault"}
    assert [row.open().read() for row in source.rows() if not row.problem] == [b"1", b"2"]


def test_one_of_several_tables_must_be_called_a_manifest(tmp_path):
    tables = {"a.csv": b"file\na.jpg\n", "b.csv": b"file\na.jpg\n", "a.jpg": b"x"}
    with pytest.raises(ImportFailed, match=r"several tables: a\.csv, b\.csv"):
        open_source(write_zip(tmp_path, tables))
    tables["Manifest.csv"] = b"file,title\na.jpg,A\n"
    (row,) = open_source(write_zip(tmp_path, tables)).rows()
    assert row.fields == {"title": "A"}


def test_archives_that_hold_nothing_are_refused(tmp_path):
    with pytest.raises(ImportFailed, match="No pictures found"):
        open_source(write_zip(tmp_path, {"a.txt": b""}))
    with pytest.raises(ImportFailed, match="need a manifest"):
        open_source(write_zip(tmp_path, {"a.jpg": b""}), {"a": "title"})
    with pytest.raises(ImportFailed, match="not in an archive"):
        open_source(write_zip(tmp_path, {"a.jpg": b""}), root=tmp_path)
    (tmp_path / "cut.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(ImportFailed, match="cannot be read"):
        open_source(tmp_path / "cut.zip")
