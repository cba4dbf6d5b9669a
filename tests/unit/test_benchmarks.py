"""Results of benchmarks are printed, stored and plotted as measured."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from benchmarks import __main__, pictures
from benchmarks.report import Goal, Result, report, to_text
from benchmarks.timing import median_seconds

RESULT = Result(
    name="walls",
    description="How fast paint dries.",
    figures=[{"paint": "oil", "hours": 30.123456}, {"paint": "tempera", "hours": 2, "coats": 3}],
    goals=[
        Goal("oil / tempera", 15.0617, 10.0),
        Goal("hours of tempera", 2.0, 1.5, at_least=False),
    ],
    plot=lambda axes: axes.plot([1, 2], [30, 2]),
)


def test_a_result_is_printed_with_its_goals():
    assert to_text(RESULT) == (
        "# walls\n"
        "How fast paint dries.\n\n"
        "paint    hours  coats\n"
        "oil      30.12\n"
        "tempera  2      3\n\n"
        "met: oil / tempera: 15.06, goal at least 10\n"
        "NOT MET: hours of tempera: 2, goal at most 1.5\n"
    )


def test_a_result_is_kept_whole_with_the_machine(tmp_path, capsys):
    report(RESULT, tmp_path / "new")
    kept = json.loads((tmp_path / "new" / "walls.json").read_text())
    assert kept["figures"] == RESULT.figures
    assert [goal["met"] for goal in kept["goals"]] == [True, False]
    assert kept["goals"][0]["value"] == 15.0617
    assert kept["machine"]["cores"] >= 1
    assert {"processor", "system", "python", "torch", "numpy", "date"} < set(kept["machine"])
    assert capsys.readouterr().out == to_text(RESULT) + "\n"


def test_a_plot_is_drawn(tmp_path):
    report(RESULT, tmp_path)
    with Image.open(tmp_path / "walls.png") as image:
        assert np.ptp(np.asarray(image.convert("L"))) > 100


def test_without_a_plot_there_is_no_picture(tmp_path):
    report(Result("plain", "Nothing to draw.", []), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["plain.json"]


def test_only_benchmarks_that_exist_can_be_run(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["benchmarks", "nonsense"])
    with pytest.raises(SystemExit):
        __main__.main()
    assert "there is no benchmark 'nonsense'; there are " in capsys.readouterr().err


def test_each_action_is_timed_in_turn():
    calls = []
    seconds = median_seconds(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2
    )
    assert calls == ["a", "b"] * 3
    assert all(0 <= value < 1 for value in seconds.values())


def test_drawn_pictures_are_jpegs_of_two_megapixels_that_differ(tmp_path):
    first, second = pictures.draw_pictures(tmp_path, 2)
    with Image.open(first) as image:
        assert (image.format, image.size) == ("JPEG", (1600, 1250))
    assert 300_000 < first.stat().st_size < 3_000_000
    assert first.read_bytes() != second.read_bytes()


def test_pictures_are_taken_from_all_over_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLESIM_BENCH_PICTURES", str(tmp_path))
    assert pictures.find_pictures(3) == []
    for number in range(10):
        (tmp_path / f"{number}.jpg").touch()
    assert [path.stem for path in pictures.find_pictures(3)] == ["0", "3", "6"]
