"""Packing and storage of descriptors, number by number."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from stylesim_app.core.boxes import WHOLE, windows
from stylesim_app.core.descriptors import (
    LAYERS,
    STYLE_LAYERS,
    Descriptor,
    Provenance,
    Window,
    pack_symmetric,
    unpack_symmetric,
    widen,
)
from stylesim_app.core.errors import DescriptorError

PROVENANCE = Provenance(weights="test", weights_sha256="", precision="float32")
PATTERNS = np.arange(2**16, dtype=np.uint16).view(np.float16)


def make_descriptor(values: list[float]) -> Descriptor:
    numbers = np.array(values, np.float32)
    return Descriptor(dict.fromkeys(STYLE_LAYERS, numbers), numbers, PROVENANCE)


@pytest.mark.parametrize("scale", [1, 3.7e-9, 0.1, 1.5, 7e4, 1e30, np.finfo(np.float32).tiny])
def test_every_finite_float16_is_widened_as_numpy_does(scale):
    numbers = PATTERNS[np.isfinite(PATTERNS)]
    assert len(numbers) == 63_488
    widened = widen(numbers, np.float32(scale))
    assert widened.dtype == np.float32
    expected = numbers.astype(np.float32) * np.float32(scale)
    np.testing.assert_array_equal(widened.view(np.uint32), expected.view(np.uint32))


def test_no_infinite_float16_and_no_nan_is_widened():
    refused = 0
    for number in PATTERNS[~np.isfinite(PATTERNS)]:
        with pytest.raises(DescriptorError, match="NaN or infinite"):
            widen(np.array([1, number, 2], np.float16), np.float32(1))
        refused += 1
    assert refused == 2048


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_packing_and_unpacking_undo_each_other(size, seed):
    root = np.random.default_rng(seed).normal(size=(size, size)).astype(np.float32)
    matrix = root + root.T
    unpacked = unpack_symmetric(pack_symmetric(matrix), size)
    np.testing.assert_array_equal(unpacked, unpacked.T)
    np.testing.assert_allclose(unpacked, matrix, rtol=3e-7)
    packed = np.arange(size * (size + 1) // 2, dtype=np.float32)
    np.testing.assert_allclose(pack_symmetric(unpack_symmetric(packed, size)), packed, rtol=3e-7)


@given(st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3), st.integers(-44, 38))
def test_storing_rounds_to_float16_at_every_magnitude(values, exponent):
    values = [value * 10.0**exponent for value in values]
    descriptor = make_descriptor(values)
    restored = Descriptor.from_bytes(descriptor.to_bytes())
    largest = max(map(abs, values))
    for layer in LAYERS:
        off = np.abs(restored.layer(layer).astype(np.float64) - descriptor.layer(layer))
        # Of what float32 holds with few digits, float16 keeps as few.
        assert off.max() <= max(largest * 2.0**-11, 1e-42)


def test_what_was_stored_once_is_stored_the_same_again():
    once = Descriptor.from_bytes(make_descriptor([1 / 3, -2e-5, 0.7]).to_bytes())
    again = Descriptor.from_bytes(once.to_bytes())
    for layer in LAYERS:
        np.testing.assert_allclose(again.layer(layer), once.layer(layer), rtol=1e-6)


@pytest.mark.parametrize("lost", ["scales", "relu5_2"])
def test_a_file_that_lacks_a_part_is_damaged(lost):
    content = make_descriptor([1, 2, 3]).to_bytes()
    tensors = load(content)
    del tensors[lost]
    # Another file, so that the header with the provenance is written by hand.
    metadata = {
        "provenance": '{"weights": "", "weights_sha256": "", "precision": "", "layers": []}'
    }
    with pytest.raises(DescriptorError, match="damaged"):
        Descriptor.from_bytes(save(tensors, metadata=metadata))


BOXES = windows(400, 100)


def make_long(values: list[float]) -> Descriptor:
    """With windows, whose numbers are larger than those of the picture."""
    numbers = np.array(values, np.float32)
    shown = [Window(box, 5 * numbers + at) for at, box in enumerate(BOXES)]
    return dataclasses.replace(make_descriptor(values), windows=tuple(shown))


def test_windows_survive_storage():
    long = make_long([1 / 3, 2, 0.7])
    restored = Descriptor.from_bytes(long.to_bytes())
    assert [window.box for window in restored.windows] == BOXES
    largest = max(float(window.content.max()) for window in long.windows)
    for window, expected in zip(restored.windows, long.windows, strict=True):
        assert window.content.dtype == np.float32
        np.testing.assert_allclose(window.content, expected.content, atol=largest * 2.0**-11)
    again = Descriptor.from_bytes(restored.to_bytes())
    for window, expected in zip(again.windows, restored.windows, strict=True):
        np.testing.assert_allclose(window.content, expected.content, rtol=1e-6)


@given(st.integers(-44, 37))
def test_windows_are_rounded_to_float16_at_every_magnitude(exponent):
    numbers = np.array([0.1, -0.7, 0.01], np.float32) * np.float32(10.0**exponent)
    long = dataclasses.replace(make_descriptor([1e-3]), windows=(Window(WHOLE, numbers),))
    [window] = Descriptor.from_bytes(long.to_bytes()).windows
    off = np.abs(window.content.astype(np.float64) - numbers)
    assert off.max() <= max(0.7 * 10.0**exponent * 2.0**-11, 1e-42)


def test_a_file_from_before_there_were_windows_is_read():
    content = make_descriptor([1, 2, 3]).to_bytes()
    assert not [name for name in load(content) if "windows" in name]
    assert Descriptor.from_bytes(content).windows == ()


def test_black_windows_stay_black():
    long = dataclasses.replace(
        make_descriptor([1]), windows=(Window(WHOLE, np.zeros(4, np.float32)),)
    )
    [window] = Descriptor.from_bytes(long.to_bytes()).windows
    np.testing.assert_array_equal(window.content, 0)


def test_windows_that_are_not_finite_are_refused():
    with pytest.raises(DescriptorError, match="NaN or infinite"):
        make_long([1, np.nan])


@pytest.mark.parametrize("lost", ["windows.content", "windows.scale"])
def test_a_file_that_lacks_a_part_of_its_windows_is_damaged(lost):
    content = make_long([1, 2, 3]).to_bytes()
    header = content[8 : 8 + int.from_bytes(content[:8], "little")]
    metadata = json.loads(header)["__metadata__"]
    tensors = load(content)
    assert Descriptor.from_bytes(save(tensors, metadata)).windows
    del tensors[lost]
    with pytest.raises(DescriptorError, match="damaged"):
        Descriptor.from_bytes(save(tensors, metadata))
