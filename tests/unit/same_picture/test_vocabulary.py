"""The vocabulary: words against an exhaustive search, codes, signatures, and its file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save

from stylesim_app.core.same_picture.vocabulary import VOCABULARY_PATH, Vocabulary

from .drawn import random_features, shipped, works_features


def test_the_file_that_ships_is_small():
    assert VOCABULARY_PATH.stat().st_size < 8_000_000
    assert shipped().word_count == 32_768


def test_words_are_those_of_an_exhaustive_search():
    vocabulary = shipped()
    descriptors = works_features(1).descriptors
    words = vocabulary.words.reshape(-1, 128)
    squares = (words**2).sum(axis=1) - 2 * descriptors @ words.T
    assert (vocabulary.nearest_words(descriptors)[:, 0] == squares.argmin(axis=1)).mean() > 0.9


def test_several_words_come_nearest_first():
    vocabulary = shipped()
    descriptors = works_features(1).descriptors
    words = vocabulary.nearest_words(descriptors, 3)
    centres = vocabulary.words.reshape(-1, 128)[words]
    distances = np.linalg.norm(centres - descriptors[:, None], axis=2)
    assert (np.diff(distances, axis=1) >= 0).all()
    assert np.array_equal(words[:, 0], vocabulary.nearest_words(descriptors)[:, 0])


def test_decoding_comes_near_to_what_was_encoded():
    vocabulary, features = shipped(), works_features(1)
    decoded = vocabulary.decode(vocabulary.encode(features))
    errors = np.linalg.norm(decoded.descriptors - features.descriptors, axis=1)
    others = np.linalg.norm(np.roll(features.descriptors, 1, axis=0) - features.descriptors, axis=1)
    assert np.median(errors) < 0.4 < 0.8 < np.median(others)
    assert decoded.points == pytest.approx(features.points, abs=0.01)


def test_signatures_of_codes_are_near_to_those_of_descriptors():
    vocabulary, features = shipped(), works_features(1)
    compact = vocabulary.encode(features)
    exact = vocabulary.sign(features.descriptors, compact.words)
    bits = np.bitwise_count(vocabulary.sign_compact(compact) ^ exact)
    others = np.bitwise_count(np.roll(exact, 1) ^ exact)
    assert bits.mean() < 16
    assert others.mean() == pytest.approx(32, abs=3)


def test_no_features_are_no_problem():
    vocabulary = shipped()
    compact = vocabulary.encode(random_features(0))
    assert (
        len(compact)
        == len(vocabulary.decode(compact))
        == len(vocabulary.sign_compact(compact))
        == 0
    )


def test_features_of_another_vocabulary_are_refused():
    compact = replace(shipped().encode(random_features(3)), fingerprint=b"\0\1\2\3")
    with pytest.raises(
        ValueError, match=r"expected features of the vocabulary \w{8}, got .* 00010203"
    ):
        shipped().decode(compact)


def test_words_that_do_not_exist_are_refused():
    compact = shipped().encode(random_features(3))
    with pytest.raises(ValueError, match="expected words below 32768, got 40000"):
        shipped().decode(replace(compact, words=np.full(3, 40_000, np.uint16)))


def test_a_file_holds_the_vocabulary():
    vocabulary = shipped()
    again = Vocabulary.from_bytes(vocabulary.to_bytes({"seed": "0"}))
    for name in ("cells", "words", "codebook", "directions"):
        assert np.array_equal(getattr(again, name), getattr(vocabulary, name))
    assert vocabulary.to_bytes({"seed": "0"}) == vocabulary.to_bytes({"seed": "0"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"words": np.zeros((4, 4, 128), np.float32)}, "expected words of uint8, got float32"),
        (
            {"directions": np.zeros((64, 64), np.float16)},
            "expected directions of shape",
        ),
        ({"cells": np.zeros((4, 128), np.uint8)}, r"expected cells of shape \(128, 128\)"),
        (
            {"words": np.zeros((512, 256, 128), np.uint8), "cells": np.zeros((512, 128), np.uint8)},
            "expected 1 to 65536 words, got 131072",
        ),
    ],
)
def test_another_file_is_refused(change, message):
    tensors = load(VOCABULARY_PATH.read_bytes())
    with pytest.raises(ValueError, match=message):
        Vocabulary.from_bytes(save({**tensors, **change}))


def test_a_damaged_file_is_refused():
    with pytest.raises(ValueError, match="expected a vocabulary in safetensors"):
        Vocabulary.from_bytes(b"nothing")
