"""The sample gallery as a test of the measure: subject and manner of each work are known.

``-s`` prints the figures given in docs/explanation/measure.md.
"""

from __future__ import annotations

import csv

import numpy as np
import pytest

from project.demo.gallery import write_gallery
from stylesim_app.core.calibration import sample_pairs
from stylesim_app.core.distances import PRESETS, Weighting
from stylesim_app.work import pipeline

pytestmark = pytest.mark.release


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    """Manifest rows of all works, and the distance parts of all pairs."""
    manifest = write_gallery(tmp_path_factory.mktemp("gallery"))
    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    files = [(manifest.parent / row["file"]).read_bytes() for row in rows]
    descriptors = []
    for start in range(0, len(files), 4):
        batch = [pipeline.decode_picture(content) for content in files[start : start + 4]]
        descriptors += pipeline.describe(batch)
    return rows, sample_pairs(descriptors).parts


def share_of_nearest(gallery, preset: str, label: str, other: str | None = None) -> float:
    """How often the nearest work has the query's label, among works that differ in ``other``."""
    rows, parts = gallery
    matrix = np.full((len(rows), len(rows)), np.inf)
    pairs = np.triu_indices(len(rows), k=1)
    weights = PRESETS[preset]
    assert weights is not None
    matrix[pairs] = parts.distances(Weighting(*weights))
    matrix = np.minimum(matrix, matrix.T)
    if other is not None:
        values = np.array([row[other] for row in rows])
        matrix[values[:, None] == values] = np.inf
    nearest = matrix.argmin(axis=1)
    return float(
        np.mean([row[label] == rows[i][label] for row, i in zip(rows, nearest, strict=True)])
    )


def test_style_puts_works_of_the_same_manner_first(gallery):
    share = share_of_nearest(gallery, "style", "manner")
    print(f"style, same manner: {share:.3f}")
    assert share >= 0.95


def test_content_finds_the_subject_in_other_manners(gallery):
    share = share_of_nearest(gallery, "content", "subject", other="manner")
    print(f"content, same subject among other manners: {share:.3f}")
    assert share >= 0.5


def test_content_knows_the_subject_better_than_style(gallery):
    content = share_of_nearest(gallery, "content", "subject")
    style = share_of_nearest(gallery, "style", "subject")
    print(f"same subject among all works: content {content:.3f}, style {style:.3f}")
    assert content > 2 / 12 > style
