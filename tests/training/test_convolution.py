from __future__ import annotations

import pytest
import torch
from torch import nn

from training.convolution import Convolution


@pytest.mark.parametrize(("height", "width"), [(8, 8), (4, 12), (1, 1), (5, 7), (6, 3)])
def test_a_convolution_and_its_gradients_are_those_of_float64(height, width):
    torch.manual_seed(0)
    fast = Convolution(3, 5, 3, padding=1)
    exact = nn.Conv2d(3, 5, 3, padding=1).double()
    exact.load_state_dict(fast.state_dict())
    maps = torch.randn(2, 3, height, width).contiguous(memory_format=torch.channels_last)
    maps.requires_grad_()
    maps64 = maps.detach().double().requires_grad_()
    found, expected = fast(maps), exact(maps64)
    towards = torch.randn_like(expected)
    found.backward(towards.float())
    expected.backward(towards)
    for ours, theirs in (
        (found, expected),
        (maps.grad, maps64.grad),
        (fast.weight.grad, exact.weight.grad),
        (fast.bias.grad, exact.bias.grad),
    ):
        assert ours is not None
        assert theirs is not None
        error = (ours - theirs).norm() / theirs.norm()
        assert error < 1e-5


def test_what_is_frozen_gets_no_gradient():
    frozen = Convolution(3, 5, 3, padding=1).requires_grad_(False)
    assert not frozen(torch.randn(2, 3, 8, 8)).requires_grad
    maps = torch.randn(2, 3, 8, 8, requires_grad=True)
    frozen(maps).sum().backward()
    assert frozen.weight.grad is None
    assert maps.grad is not None


def test_other_precisions_are_left_to_the_library():
    convolution = Convolution(3, 5, 3, padding=1)
    maps = torch.randn(2, 3, 8, 8)
    with torch.autocast("cpu", torch.bfloat16):
        assert convolution(maps).dtype == torch.bfloat16
    exact = convolution.double()
    expected = nn.functional.conv2d(maps.double(), exact.weight, exact.bias, padding=1)
    assert torch.equal(exact(maps.double()), expected)
