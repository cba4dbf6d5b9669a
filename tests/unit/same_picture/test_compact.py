"""Compact features: what is stored, and what is refused."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylesim_app.core.same_picture.compact import (
    CompactFeatures,
    quantise_angles,
    quantise_points,
    quantise_sizes,
    restore_angles,
    restore_points,
    restore_sizes,
)
from stylesim_app.core.same_picture.detail import WORK

from .drawn import random_features, shipped, works_features


def test_a_work_takes_less_than_eight_kilobytes():
    content = shipped().encode(works_features(1)).to_bytes()
    assert len(content) == 15 + 24 * WORK.features < 8000


@pytest.mark.parametrize("count", [0, 1, 300])
def test_bytes_hold_all_that_was_encoded(count):
    compact = shipped().encode(random_features(count))
    again = CompactFeatures.from_bytes(compact.to_bytes())
    assert (again.width, again.height) == (compact.width, compact.height)
    assert again.fingerprint == compact.fingerprint == shipped().fingerprint
    for name in ("points", "sizes", "angles", "words", "codes"):
        assert np.array_equal(getattr(again, name), getattr(compact, name))
        assert getattr(again, name).shape == getattr(compact, name).shape


def test_quantised_geometry_is_near():
    features = random_features(500)
    width, height = features.width, features.height
    points = restore_points(quantise_points(features.points, width, height), width, height)
    assert points == pytest.approx(features.points, abs=0.01)
    sizes = restore_sizes(quantise_sizes(features.sizes))
    assert np.abs(np.log2(sizes / features.sizes)).max() <= 1 / 32 + 1e-6
    angles = restore_angles(quantise_angles(features.angles))
    assert np.abs((angles - features.angles + 180) % 360 - 180).max() <= 360 / 512 + 1e-4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: b"", "expected at least 15 bytes, got 0"),
        (lambda content: content[:14], "expected at least 15 bytes, got 14"),
        (lambda content: content[:-1], "expected 87 bytes for 3 features, got 86"),
        (lambda content: content + b"\0", "expected 87 bytes for 3 features, got 88"),
        (lambda content: b"\2" + content[1:], "expected format version 1, got 2"),
        (lambda content: content[:7] + b"\0" * 4 + content[11:], "expected sides of up to"),
        (lambda content: content[:7] + b"\xff" * 4 + content[11:], "expected sides .* got nan"),
    ],
)
def test_damaged_bytes_are_refused(change, message):
    content = shipped().encode(random_features(3)).to_bytes()
    with pytest.raises(ValueError, match=message):
        CompactFeatures.from_bytes(change(content))


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise_another_error(content):
    with contextlib.suppress(ValueError):
        CompactFeatures.from_bytes(content)
