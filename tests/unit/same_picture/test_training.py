"""Fitting a vocabulary, at a size that takes no time."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.core.same_picture.vocabulary import load_vocabulary
from training import vocabulary as training

from .drawn import draw, random_features


@pytest.fixture(autouse=True)
def small(monkeypatch):
    for name, value in (("CELLS", 4), ("LEAVES", 8), ("FEATURES", 120), ("ROUNDS", 3)):
        monkeypatch.setattr(training, name, value)


def test_a_folder_of_pictures_becomes_a_vocabulary(tmp_path):
    for seed in range(1, 5):
        draw(seed).save(tmp_path / f"{seed}.jpg")
    path = tmp_path / "vocabulary.safetensors"
    sha256 = training.train_vocabulary(tmp_path, path, most=3)
    fitted = load_vocabulary(path)
    assert fitted.word_count == 32
    assert sha256.startswith(fitted.fingerprint.hex())
    assert fitted.directions @ fitted.directions.T == pytest.approx(np.eye(64), abs=1e-2)
    assert training.train_vocabulary(tmp_path, path, most=3) == sha256
    assert training.train_vocabulary(tmp_path, path, most=3, seed=1) != sha256


def test_rows_lie_nearer_to_fitted_centres_than_to_random_ones():
    rows = random_features(500).descriptors
    generator = np.random.default_rng(0)
    fitted, drawn = training.fit_centres(rows, 5, generator), rows[:5]
    rests = [rows - each[training.nearest_centres(rows, each)] for each in (fitted, drawn)]
    assert np.square(rests[0]).sum() < 0.95 * np.square(rests[1]).sum()


def test_each_distinct_row_can_be_a_centre():
    rows = np.repeat(np.eye(4, dtype=np.float32), 10, axis=0)
    for seed in range(5):
        centres = training.fit_centres(rows, 4, np.random.default_rng(seed))
        assert np.isfinite(centres).all()
