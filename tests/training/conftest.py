from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests import pictures
from training.pictures import Pictures, prepare

LABELS = ["artist", "movement"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Twelve drawn pictures: the manner is the artist, the subject the movement."""
    folder = tmp_path_factory.mktemp("labelled")
    with (folder / "manifest.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", *LABELS])
        for name in pictures.NAMES:
            (folder / f"{name}.png").write_bytes(pictures.png(name, (224, 224)))
            subject, manner = name.split("-")
            rows.writerow([f"{name}.png", manner, subject])
    return folder


@pytest.fixture(scope="session")
def prepared_folder(folder, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("prepared")
    assert prepare(folder, LABELS, output) == []
    return output


@pytest.fixture
def prepared(prepared_folder) -> Pictures:
    return Pictures.open(prepared_folder)
