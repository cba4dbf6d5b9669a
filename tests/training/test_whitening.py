"""The pictures that the shipped embeddings are fitted to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import pictures
from training.__main__ import main
from training.whitening import list_pictures

LISTED = [f"{name}.png" for name in pictures.NAMES]


def test_all_pictures_are_used_unless_told_otherwise(folder):
    assert [path.name for path in list_pictures([folder])] == LISTED
    assert {path.parent for path in list_pictures([folder])} == {folder}


def test_each_nth_picture_is_used_across_manifests(folder):
    found = list_pictures([folder, folder], every=5)
    assert [path.name for path in found] == [*LISTED, *LISTED][::5]
    assert len(found) == 5


@pytest.mark.parametrize("number", ["0", "-2", "1.5", "some"])
def test_a_step_below_one_is_refused(number, monkeypatch, tmp_path: Path, capsys):
    words = ["whiten", "paintings", str(tmp_path), "--output", str(tmp_path), "--keep"]
    monkeypatch.setattr(sys, "argv", ["training", *words, str(tmp_path), f"--every={number}"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "expected a whole number of at least 1" in capsys.readouterr().err
