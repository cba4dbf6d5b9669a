from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.core.descriptors import LAYERS
from training.distances import weigh
from training.tasks import file_tasks, label_task, spread


def test_a_label_asks_for_another_picture_that_has_it():
    task = label_task("artist", ["a", "b", "a", "", "c", ""])
    assert task.queries.tolist() == [0, 2]
    assert [np.nonzero(row)[0].tolist() for row in task.right] == [[2], [0]]
    assert not task.allowed[0, 0]
    assert task.allowed[0, 1:].all()
    assert label_task("artist", ["a", "b", ""]) is None


def test_the_nearest_allowed_picture_counts():
    task = label_task("artist", ["a", "b", "a", "b"])
    line = np.array([0.0, 1.0, 3.0, 3.5])
    distances = np.abs(line[:, None] - line)
    assert task.found(distances, 1).tolist() == [False, False, False, False]
    assert task.found(distances, 2).tolist() == [True, False, False, True]
    assert task.found(distances, 3).all()
    assert spread(np.array([True, False, True, False])) == pytest.approx(0.25)


ROWS = [
    {"file": "r1", "reference": "", "view": ""},
    {"file": "r2", "reference": "", "view": ""},
    {"file": "q1", "reference": "r1", "view": "crop"},
    {"file": "q2", "reference": "r1|r2", "view": "frame"},
    {"file": "q3", "reference": "NONE", "view": "frame"},
    {"file": "other"},
]


def test_a_query_asks_for_its_references_among_references():
    [task] = file_tasks(ROWS)
    assert task.queries.tolist() == [2, 3]
    assert task.right.sum(axis=1).tolist() == [1, 2]
    assert task.allowed.tolist() == [[True, True, False, False, False, True]] * 2


def test_queries_may_be_divided_by_a_column():
    tasks = {task.name: task.queries.tolist() for task in file_tasks(ROWS, "view")}
    assert tasks == {"reference crop": [2], "reference frame": [3]}


def test_a_result_asks_for_what_it_was_made_of():
    rows = [
        {"file": "a", "style_file": "", "content_file": ""},
        {"file": "b", "style_file": "", "content_file": ""},
        {"file": "made", "style_file": "a", "content_file": "b"},
    ]
    tasks = {task.name: task for task in file_tasks(rows)}
    assert set(tasks) == {"style_file", "content_file"}
    assert tasks["style_file"].right.tolist() == [[True, False, False]]
    assert tasks["style_file"].allowed.tolist() == [[True, True, False]]


def test_presets_weigh_squares_as_the_measure_does():
    generator = np.random.default_rng(0)
    squares = {layer: generator.random((3, 3), np.float32) for layer in LAYERS}
    squares = {layer: table + table.T for layer, table in squares.items()}
    style = np.sqrt(np.mean([squares[layer] for layer in LAYERS[:-1]], axis=0))
    content = np.sqrt(squares[LAYERS[-1]])
    assert np.allclose(weigh(squares, "paper"), style + 1e-4 * content)
    assert np.allclose(weigh(squares, "content"), content)
    pairs = np.triu_indices(3, 1)
    balanced = 0.5 * style / np.median(style[pairs]) + 0.5 * content / np.median(content[pairs])
    assert np.allclose(weigh(squares, "balanced"), balanced)
    first = weigh(squares, "style", (1, 0, 0, 0, 0))
    assert np.allclose(first, np.sqrt(squares["relu1_1"]))
