from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import vgg19

from stylesim_app.core.descriptors import LAYERS
from stylesim_app.core.vgg import LAYER_INDEX
from stylesim_app.core.weights import CONVOLUTIONS, load_weights
from training.export import export
from training.folding import fold, scale_layers, unfold
from training.network import Trunk


@pytest.fixture(scope="module")
def trunk() -> Trunk:
    """A network whose batch normalisation is far from doing nothing."""
    torch.manual_seed(0)
    trunk = Trunk()
    for module in trunk.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.3)
    trunk.train()
    for _ in range(3):
        trunk(torch.randn(4, 3, 32, 32) * 2 + 1)
    return trunk.eval()


@pytest.fixture(scope="module")
def views() -> torch.Tensor:
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def maps_of(tensors: dict[str, torch.Tensor], views: torch.Tensor) -> dict[str, torch.Tensor]:
    features = vgg19(weights=None).features[: LAYER_INDEX[LAYERS[-1]] + 1].double()
    features.load_state_dict(
        {name.removeprefix("features."): tensor.double() for name, tensor in tensors.items()}
    )
    maps, found = views.double(), {}
    for index, module in enumerate(features):
        maps = module(maps).clone()
        found.update({layer: maps for layer in LAYERS if LAYER_INDEX[layer] == index})
    return found


@torch.no_grad()
def test_folding_is_exact(trunk, views):
    expected = {layer: maps.clone() for layer, maps in trunk.double()(views.double()).items()}
    found = maps_of(fold(trunk.float()), views)
    for layer in LAYERS:
        error = (found[layer] - expected[layer]).norm() / expected[layer].norm()
        assert error < 1e-6, layer


@torch.no_grad()
def test_a_layer_is_scaled_and_nothing_else(trunk, views):
    tensors = fold(trunk)
    factors = {"relu1_1": 3.0, "relu4_1": 0.25, "relu5_1": 2.0, "relu5_2": 0.1}
    expected, found = maps_of(tensors, views), maps_of(scale_layers(tensors, factors), views)
    for layer in LAYERS:
        error = (found[layer] - expected[layer] * factors.get(layer, 1)).norm()
        assert error < 1e-5 * found[layer].norm(), layer


@torch.no_grad()
def test_unfolding_gives_the_same_maps(views):
    tensors = load_weights("paintings", Path()).tensors
    found = unfold(tensors, views).eval()(views)
    named = {f"features.{name}": tensor for name, tensor in tensors.items()}
    for layer, maps in maps_of(named, views).items():
        error = (found[layer] - maps).norm() / maps.norm()
        assert error < 1e-4, layer


@torch.no_grad()
def test_a_frozen_trunk_gives_the_same_maps_and_folds_back(views):
    """To the last bit in the frozen part, since nothing is normalised there."""
    tensors = load_weights("paintings", Path()).tensors
    trunk = unfold(tensors, views, "relu4_1").eval()
    folded = fold(trunk)
    named = {f"features.{name}": tensor for name, tensor in tensors.items()}
    assert folded.keys() == named.keys()
    for name in list(named)[: 2 * CONVOLUTIONS.index(LAYER_INDEX["relu4_1"] - 1) + 2]:
        assert torch.equal(folded[name], named[name].float()), name
    found = trunk(views)
    for layer, maps in maps_of(named, views).items():
        error = (found[layer] - maps).norm() / maps.norm()
        assert error < 1e-4, layer


def test_a_module_without_normalisation_is_refused(trunk):
    bare = Trunk()
    bare.features = torch.nn.Sequential(torch.nn.Conv2d(3, 64, 3, padding=1), torch.nn.ReLU())
    with pytest.raises(TypeError, match="batch normalisation after it"):
        fold(bare)


def test_the_app_loads_what_is_exported(trunk, tmp_path):
    path = tmp_path / "weights.safetensors"
    tensors = fold(trunk)
    sha256 = export(tensors, {"version": "1"}, path)
    weights = load_weights(str(path), Path())
    assert weights.sha256 == sha256
    assert path.stat().st_size <= 31_000_000
    for name, tensor in weights.tensors.items():
        assert torch.equal(tensor, tensors[f"features.{name}"].bfloat16())
