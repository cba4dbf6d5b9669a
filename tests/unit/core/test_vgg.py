"""The network at run time: its optimisations lose no accuracy."""

from __future__ import annotations

import ctypes
import platform
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import torch

from stylesim_app.core import vgg
from stylesim_app.core.descriptors import STYLE_LAYERS, gram_matrix, pack_symmetric
from stylesim_app.core.memory import keep_freed_memory
from stylesim_app.core.weights import load_weights

BATCH = 4


@pytest.fixture(scope="module")
def network() -> vgg.Network:
    return vgg.build_network(load_weights("paintings", Path()), precision="bfloat16", device="cpu")


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (BATCH, 224, 224, 3), dtype=np.uint8)


def test_gram_matrices_of_bfloat16_maps_are_summed_in_float32(network, pixels):
    expected = {
        layer: gram_matrix(maps.double()).numpy()
        for layer, maps in network.feature_maps(pixels)
        if layer in STYLE_LAYERS
    }
    found = network.describe(pixels)
    for layer, grams in expected.items():
        for gram, descriptor in zip(grams, found, strict=True):
            exact = pack_symmetric(gram)
            error = np.linalg.norm(descriptor.style[layer] - exact) / np.linalg.norm(exact)
            # A sum or a result that is rounded to bfloat16 is off by a thousandth.
            assert error < 2e-6


@pytest.mark.parametrize("height", [1, 14, 28, 29, 75])
def test_rows_that_are_multiplied_apart_count_alike(height):
    maps = torch.rand(2, 3, height, 5, generator=torch.Generator().manual_seed(0))
    expected = gram_matrix(maps.double()).numpy()
    np.testing.assert_allclose(vgg._gram_matrices(maps).numpy(), expected, rtol=1e-5)


def third_batch_pages(pixels):
    """The pages that a process takes from the system for its third batch."""
    import resource

    keep_freed_memory()
    network = vgg.build_network(load_weights("paintings", Path()), device="cpu")
    for _ in range(2):
        network.describe(pixels)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    network.describe(pixels)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep freed memory"
)
def test_a_third_batch_takes_no_memory_from_the_system(pixels):
    """In the precision that this processor is fastest in; another it may emulate by copies."""
    import resource

    # In a process of its own: other tests leave the heap of this one in pieces.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        pages = process.submit(third_batch_pages, pixels).result()
    # The maps of one batch, were each taken again, are some 40,000 pages.
    assert pages * resource.getpagesize() < 20e6


def test_another_c_library_is_left_alone(monkeypatch):
    def refuse(_name):
        raise AssertionError("not to be loaded")

    monkeypatch.setattr(platform, "libc_ver", lambda: ("musl", "1.2"))
    monkeypatch.setattr(ctypes, "CDLL", refuse)
    keep_freed_memory.__wrapped__()
