"""Minimal filtering: the usual convolution up to rounding, at every size and block size."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from stylesim_app.core import convolution, vgg
from stylesim_app.core.convolution import FilteredConvolution, convolve, transform_kernels
from stylesim_app.core.weights import load_weights


def draw(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def relative_error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("size", [(1, 1), (4, 12), (5, 7), (6, 3), (14, 14), (28, 28), (61, 90)])
@pytest.mark.parametrize("tiles", [1, 56])
def test_a_convolution_is_that_of_float64(monkeypatch, batch, size, tiles):
    """Blocks are one tile, parts of a picture, one picture and many."""
    monkeypatch.setattr(convolution, "_TILES", tiles)
    maps, weight, bias = draw(batch, 3, *size), draw(5, 3, 3, 3), draw(5)
    expected = nn.functional.conv2d(maps.double(), weight.double(), bias.double(), padding=1)
    maps = maps.contiguous(memory_format=torch.channels_last)
    found = convolve(maps, transform_kernels(weight), bias)
    assert found.shape == expected.shape
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert relative_error(found, expected) < 1e-5


@pytest.mark.parametrize("width", [128, 512])
def test_many_channels_add_little_error(width):
    maps, weight = draw(1, width, 14, 14), draw(width, width, 3, 3)
    expected = nn.functional.conv2d(maps.double(), weight.double(), padding=1)
    assert relative_error(convolve(maps, transform_kernels(weight)), expected) < 1e-5


def test_maps_may_lie_in_memory_as_they_like():
    weight = draw(5, 3, 3, 3)
    wide = draw(2, 3, 9, 20)[:, :, :, ::2]
    copied = wide.contiguous(memory_format=torch.channels_last)
    kernels = transform_kernels(weight)
    assert torch.equal(convolve(wide, kernels), convolve(copied, kernels))


def test_a_filtered_convolution_ends_with_a_relu_and_is_frozen():
    usual = nn.Conv2d(3, 5, 3, padding=1)
    assert usual.bias is not None
    filtered = FilteredConvolution(usual.weight, usual.bias)
    maps = draw(2, 3, 9, 10).requires_grad_()
    found = filtered(maps)
    assert list(filtered.parameters()) == []
    assert not found.requires_grad
    assert relative_error(found, usual(maps).relu().detach()) < 1e-5


def filtered_layers(precision: str) -> list[int]:
    weights = load_weights("paintings", Path())
    network = vgg.build_network(weights, precision=precision, device="cpu")
    return [
        index
        for index, module in enumerate(network.features)
        if isinstance(module, FilteredConvolution)
    ]


@pytest.mark.parametrize(("hardware", "expected"), [(True, []), (False, list(vgg.FILTERED))])
def test_it_is_chosen_where_the_processor_has_no_bfloat16(monkeypatch, hardware, expected):
    monkeypatch.setattr(vgg, "has_bfloat16", lambda _device: hardware)
    assert filtered_layers("auto") == expected


def test_it_is_chosen_for_float32_and_not_for_bfloat16():
    assert filtered_layers("float32") == list(vgg.FILTERED)
    assert filtered_layers("bfloat16") == []
