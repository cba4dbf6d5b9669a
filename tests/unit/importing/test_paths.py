"""Files that a manifest means, as different systems write their names."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from stylesim_app.importing.sources.paths import FolderFiles, PathProblem


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in (
        "Grünes Gewölbe.jpg",
        "sub folder/B.JPG",
        "100%.jpg",
        "back\\slash.jpg",
        "Straße/ä.jpg",
    ):
        path = root / unicodedata.normalize("NFD", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "outside.jpg").touch()
    (root / "inner.jpg").symlink_to("100%.jpg")
    (root / "outer.jpg").symlink_to("../outside.jpg")
    (root / "away").symlink_to(tmp_path)
    return root


@pytest.mark.parametrize(
    ("name", "found"),
    [
        (unicodedata.normalize("NFC", "Grünes Gewölbe.jpg"), "Grünes Gewölbe.jpg"),
        ("GRÜNES GEWÖLBE.JPG", "Grünes Gewölbe.jpg"),
        ("sub folder/B.JPG", "sub folder/B.JPG"),
        ("sub folder\\b.jpg", "sub folder/B.JPG"),
        (".\\Sub Folder\\b.jpg", "sub folder/B.JPG"),
        ("./sub folder/../sub folder/B.JPG", "sub folder/B.JPG"),
        ("/sub folder/B.JPG", "sub folder/B.JPG"),
        ("sub%20folder/B.JPG", "sub folder/B.JPG"),
        ("100%.jpg", "100%.jpg"),
        ("100%25.jpg", "100%.jpg"),
        ("back\\slash.jpg", "back\\slash.jpg"),
        ("STRASSE/Ä.jpg", "Straße/ä.jpg"),
        ("inner.jpg", "inner.jpg"),
    ],
)
def test_names_are_found_however_they_are_written(root, name, found):
    assert FolderFiles(root).find(name) == root / unicodedata.normalize("NFD", found)


def test_an_absolute_path_below_the_root_is_found(root):
    assert FolderFiles(root).find(str(root / "100%.jpg")) == root / "100%.jpg"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.jpg", "not found"),
        ("100%.jpg/x.jpg", "not found"),
        ("../outside.jpg", "outside the folder"),
        ("sub folder\\..\\..\\outside.jpg", "outside the folder"),
        ("%2e%2e/outside.jpg", "outside the folder"),
        ("/etc/hostname", "outside the folder"),
        ("C:\\scans\\a.jpg", "outside the folder"),
        ("outer.jpg", "leads out of the folder"),
        ("away/outside.jpg", "leads out of the folder"),
        ("sub folder", "is a folder"),
        ("x" * 300 + ".jpg", "too long"),
    ],
)
def test_what_means_no_file_below_the_root_is_refused(root, name, reason):
    with pytest.raises(PathProblem, match=reason):
        FolderFiles(root).find(name)


def test_a_name_that_fits_two_files_means_neither(root):
    (root / "A.jpg").touch()
    (root / "a.JPG").touch()
    assert FolderFiles(root).find("A.jpg").name == "A.jpg"
    with pytest.raises(PathProblem, match=r"A\.jpg, a\.JPG"):
        FolderFiles(root).find("a.jpg")


def test_a_folder_is_listed_once_for_all_rows(root, monkeypatch):
    listed = []
    list_folder = os.listdir

    def count(path):
        listed.append(path)
        return list_folder(path)

    files = FolderFiles(root)
    monkeypatch.setattr(os, "listdir", count)
    for _row in range(5):
        files.find("GRÜNES GEWÖLBE.JPG")
    assert listed == [root]
