"""The pictures that the shipped embeddings are fitted to, and how their labels count."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from stylesim_app.core.whitening import Moments, Whitening
from tests import pictures
from training.__main__ import main
from training.pictures import ManifestError
from training.whitening import SHRINKAGE, covariance_within, divide_by, list_pictures

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


def test_each_picture_comes_with_its_label(folder):
    labels = list_pictures([folder], label="artist")
    assert [f"{path.stem}-{label}" for path, label in labels.items()] == [
        f"{name}-{name.split('-')[1]}" for name in pictures.NAMES
    ]
    assert set(list_pictures([folder]).values()) == {""}


def test_a_label_without_a_column_is_refused(folder):
    with pytest.raises(ManifestError, match="school"):
        list_pictures([folder], label="school")


def test_covariance_within_labels_is_the_definition():
    generator = np.random.default_rng(4)
    labels = [*"aaabbbbcc", "d"]
    rows = generator.normal(size=(len(labels), 3)).astype(np.float32)
    expected = np.zeros((3, 3))
    for label in set(labels):
        own = rows[[each == label for each in labels]].astype(np.float64)
        for row in own - own.mean(axis=0):
            expected += np.outer(row, row)
    expected /= len(labels) - len(set(labels))
    np.testing.assert_allclose(covariance_within(rows, labels), expected, rtol=1e-5)


def test_labels_without_two_pictures_are_refused():
    with pytest.raises(ValueError, match="with the same label"):
        covariance_within(np.eye(3), ["a", "b", "c"])


def whiten_rows(count: int) -> tuple[Whitening, np.ndarray]:
    rows = np.random.default_rng(5).normal(size=(count, 8)).astype(np.float32)
    rows *= np.geomspace(1, 0.2, 8, dtype=np.float32)
    moments = Moments(8)
    for row in rows:
        moments.add(row)
    return moments.fit(6), rows


def test_numbers_are_divided_by_the_root_of_the_covariance():
    whitening, rows = whiten_rows(200)
    generator = np.random.default_rng(6)
    covariance = np.cov(generator.normal(size=(6, 40)) * np.arange(1, 7)[:, None])
    scaled = covariance * 6 / np.trace(covariance)
    shrunk = (1 - SHRINKAGE) * scaled + SHRINKAGE * np.eye(6)
    numbers = (rows - whitening.mean) @ whitening.components * whitening.scales
    expected = numbers @ np.linalg.inv(np.linalg.cholesky(shrunk)).T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = divide_by(whitening, covariance).whiten(rows)
    # Roots of a matrix differ by a rotation, which no cosine sees.
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=2e-3)


def test_the_scale_of_the_covariance_does_not_count():
    whitening, rows = whiten_rows(50)
    covariance = np.diag(np.arange(1.0, 7))
    one, thousand = divide_by(whitening, covariance), divide_by(whitening, 1000 * covariance)
    np.testing.assert_allclose(one.whiten(rows), thousand.whiten(rows), atol=1e-5)
