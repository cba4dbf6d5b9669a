"""Distances in blocks are those of each pair."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.core.distances import EQUAL_LAYER_WEIGHTS, measure_parts
from stylesim_app.evaluation import distances
from tests import synthetic


@pytest.mark.parametrize(("works", "pictures"), [(2, 3), (256, 16)])
def test_distances_are_those_of_each_pair(
    small_network, tmp_path, monkeypatch, works: int, pictures: int
):
    monkeypatch.setattr(distances, "WORKS", works)
    monkeypatch.setattr(distances, "PICTURES", pictures)
    drawn = synthetic.draw_small(12)
    paths = [tmp_path / f"{number}.st" for number in range(12)]
    for path, descriptor in zip(paths, drawn, strict=True):
        path.write_bytes(descriptor.to_bytes())
    found = distances.measure_distances(paths[5:], paths[:5])
    for row, asked in enumerate(drawn[5:]):
        for column, work in enumerate(drawn[:5]):
            layers, content = measure_parts(asked, work)
            style = np.sqrt((np.square(layers) * EQUAL_LAYER_WEIGHTS).sum())
            assert found["style"][row, column] == pytest.approx(style, rel=1e-4)
            assert found["content"][row, column] == pytest.approx(content, rel=1e-4)


def test_a_picture_has_no_distance_to_itself(small_network, tmp_path):
    path = tmp_path / "a.st"
    path.write_bytes(synthetic.draw_small(1)[0].to_bytes())
    found = distances.measure_distances([path], [path])
    assert found["style"] == found["content"] == 0
