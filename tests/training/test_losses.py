from __future__ import annotations

import numpy as np
import pytest
import torch

from stylesim_app.core.descriptors import CONTENT_LAYER, STYLE_LAYERS, gram_matrix
from training.losses import classification, contrast
from training.network import content_distances, style_distances
from training.pictures import UNKNOWN


def test_contrast_is_its_formula():
    generator = np.random.default_rng(0)
    points = generator.normal(size=(6, 3))
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    kinds = np.array([0, 0, 1, 1, 1, 2])
    logits = -distances / (0.3 * distances.mean())
    terms = []
    for row in range(5):
        others = [at for at in range(6) if at != row]
        total = np.log(np.exp(logits[row, others]).sum())
        own = [at for at in others if kinds[at] == kinds[row]]
        terms.append(np.mean([total - logits[row, at] for at in own]))
    same = torch.from_numpy(kinds[:, None] == kinds)
    found = contrast(torch.from_numpy(distances), same, 0.3)
    assert found.item() == pytest.approx(np.mean(terms))


def test_contrast_of_strangers_is_nothing_and_has_a_gradient():
    distances = torch.rand(4, 4, requires_grad=True)
    loss = contrast(distances, torch.eye(4, dtype=torch.bool), 0.1)
    loss.backward()
    assert loss.item() == 0
    assert distances.grad is not None
    assert torch.equal(distances.grad, torch.zeros(4, 4))


def test_unlabelled_pictures_are_left_out():
    logits = torch.randn(3, 4)
    labels = torch.tensor([1, UNKNOWN, 2])
    loss = classification({"artist": [logits]}, {"artist": labels}, 0.0)
    expected = torch.nn.functional.cross_entropy(logits[[0, 2]], labels[[0, 2]])
    assert torch.allclose(loss, expected)
    nobody = {"artist": torch.full((3,), UNKNOWN)}
    assert classification({"artist": [logits]}, nobody, 0.0).item() == 0


def test_distances_of_a_batch_are_those_of_the_measure():
    torch.manual_seed(0)
    maps = {layer: torch.rand(3, 8, 5, 5) for layer in STYLE_LAYERS}
    maps[CONTENT_LAYER] = torch.rand(3, 8, 2, 2)
    style = style_distances(maps, torch.zeros(5))
    content = content_distances(maps)
    grams = [gram_matrix(maps[layer].double().numpy()) for layer in STYLE_LAYERS]
    for a, b in ((0, 1), (1, 2), (0, 2)):
        squares = [np.sum((gram[a] - gram[b]) ** 2) for gram in grams]
        assert style[a, b].item() == pytest.approx(np.sqrt(np.mean(squares)), rel=1e-3)
        expected = (maps[CONTENT_LAYER][a] - maps[CONTENT_LAYER][b]).norm()
        assert content[a, b].item() == pytest.approx(expected.item(), rel=1e-3)


def test_a_gain_is_what_a_layer_is_multiplied_with():
    torch.manual_seed(0)
    maps = {layer: torch.rand(3, 8, 5, 5) for layer in STYLE_LAYERS}
    gains = torch.tensor([0.1, -0.2, 0.3, 0.0, -0.5])
    scaled = {
        layer: map_ * gain.exp() for (layer, map_), gain in zip(maps.items(), gains, strict=True)
    }
    expected = style_distances(scaled, torch.zeros(5))
    assert torch.allclose(style_distances(maps, gains), expected, rtol=1e-4, atol=1e-5)
