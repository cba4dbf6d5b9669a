from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch

from training.recipe import CUT, PHOTOGRAPH, REPRODUCTION
from training.views import Strength, see

#: The whole picture, as it is.
STILL = replace(
    Strength(**dict.fromkeys((field.name for field in fields(Strength)), 0.0)),
    least_side=1.0,
    greatest_side=1.0,
    aspect=1.0,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def batch() -> torch.Tensor:
    steps = torch.linspace(0.2, 0.8, 128)
    rows, columns = torch.meshgrid(steps, steps, indexing="ij")
    return torch.stack([rows, columns, 1 - rows]).repeat(8, 1, 1, 1)


def test_a_still_view_is_the_picture(batch):
    seen = see(batch, 128, STILL, seeded())
    assert torch.allclose(seen, batch, atol=1e-5)
    smaller = see(batch, 64, STILL, seeded())
    assert torch.allclose(smaller, torch.nn.functional.avg_pool2d(batch, 2), atol=1e-5)


@pytest.mark.parametrize("strength", [CUT, REPRODUCTION, PHOTOGRAPH], ids=["cut", "copy", "photo"])
def test_views_are_pictures_and_come_from_the_seed_alone(batch, strength):
    first, again, other = (see(batch, 48, strength, seeded(seed)) for seed in (1, 1, 2))
    assert first.shape == (8, 3, 48, 48)
    assert first.min() >= 0
    assert first.max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_a_mirrored_view_is_turned_round(batch):
    seen = see(batch, 128, replace(STILL, mirrored=1.0), seeded())
    assert torch.allclose(seen, batch.flip(3), atol=1e-5)


def test_a_crop_lies_within_the_picture(batch):
    crop = replace(STILL, least_side=0.5, greatest_side=0.5)
    seen = see(batch, 64, crop, seeded())
    span = seen[:, 0, -1, 0] - seen[:, 0, 0, 0]
    assert torch.allclose(span, torch.full((8,), 0.3), atol=0.01)
    assert seen.min() >= batch.min() - 1e-6
    assert seen.max() <= batch.max() + 1e-6


def test_beyond_the_edge_is_frame_and_wall(batch):
    around = replace(STILL, least_side=1.5, greatest_side=1.5)
    seen = see(batch, 96, around, seeded())
    expected = see(batch, 64, STILL, seeded())
    for view, picture in zip(seen, expected, strict=True):
        places = view.unfold(1, 64, 1).unfold(2, 64, 1)
        difference = (places - picture[:, None, None]).abs().mean(dim=(0, 3, 4))
        assert difference.min() < 0.02, "the whole picture is somewhere in it"
        assert difference.mean() > 0.05, "and the rest is not picture"


def test_grey_views_have_no_colour(batch):
    seen = see(batch, 64, replace(STILL, grey=1.0), seeded())
    assert torch.allclose(seen[:, 0], seen[:, 1], atol=1e-5)
    assert torch.allclose(seen[:, 0], seen[:, 2], atol=1e-5)
    assert seen.std() > 0.01


def test_a_turn_of_hue_keeps_greys(batch):
    grey = batch.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    strength = replace(STILL, hue=1.0)
    assert torch.allclose(see(grey, 128, strength, seeded()), grey, atol=1e-5)
    assert not torch.allclose(see(batch, 128, strength, seeded()), batch, atol=0.02)


@pytest.mark.parametrize("name", ["blur", "noise", "glare", "jpeg"])
def test_a_share_of_views_is_changed(batch, name):
    drawn = torch.rand(batch.shape, generator=seeded(5))
    seen = see(drawn, 128, replace(STILL, **{name: 0.5}), seeded(3))
    changed = ((seen - drawn).abs().amax(dim=(1, 2, 3)) > 1e-4).sum()
    assert 0 < changed < 8
