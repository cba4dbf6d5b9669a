"""The command ``stylesim_evaluate``, which needs no database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from stylesim_app.core.descriptors import CONTENT_LAYER, STYLE_LAYERS, Descriptor
from stylesim_app.core.edits import EDITS
from stylesim_app.core.images import to_pixels
from stylesim_app.evaluation import collection, figures, report
from stylesim_app.index import vectors
from stylesim_app.ranking import lanes
from stylesim_app.ranking.vector_lanes import VectorLane
from stylesim_app.work import pipeline
from tests import pictures, synthetic
from tests.unit.same_picture.drawn import draw

SIZE = (160, 120)
WORKS = 8
#: Windows of the one edit that is clearly wider than high, seen besides it.
WINDOWS = 3


class SmallNetwork:
    """Descriptors of the small network, which depend on colours and their places alone."""

    provenance = synthetic.PROVENANCE

    def __init__(self) -> None:
        self.described = 0
        self.stop_after: int | None = None
        generator = np.random.default_rng(0)
        gram = synthetic.SMALL_CHANNELS * (synthetic.SMALL_CHANNELS + 1) // 2
        content = 4 * synthetic.SMALL_CHANNELS
        sizes = {**dict.fromkeys(STYLE_LAYERS, gram), CONTENT_LAYER: content}
        self.mixing = {layer: generator.normal(size=(192, size)) for layer, size in sizes.items()}

    def describe(self, pixels: np.ndarray) -> list[Descriptor]:
        if self.stop_after is not None and self.described >= self.stop_after:
            raise KeyboardInterrupt
        self.described += len(pixels)
        return [self._describe(each) for each in pixels]

    def _describe(self, pixels: np.ndarray) -> Descriptor:
        small = np.asarray(Image.fromarray(pixels).resize((8, 8)), np.float64).reshape(-1) / 255
        drawn = {
            layer: (small @ mixing).astype(np.float32) for layer, mixing in self.mixing.items()
        }
        return Descriptor(
            {layer: drawn[layer] for layer in STYLE_LAYERS}, drawn[CONTENT_LAYER], self.provenance
        )


@pytest.fixture(autouse=True)
def network(small_network: None, monkeypatch: pytest.MonkeyPatch) -> SmallNetwork:
    network = SmallNetwork()
    monkeypatch.setattr(pipeline, "get_network", lambda: network)
    monkeypatch.setattr(vectors, "MINIMUM_FIRST", 6)
    monkeypatch.setattr(figures, "RESAMPLES", 10)
    return network


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight works by two artists: one paints dark, the other light."""
    folder = tmp_path / "secret" / "works"
    folder.mkdir(parents=True)
    rows = ["file,artist"]
    for seed in range(WORKS):
        picture = draw(seed, SIZE)
        artist = "dark" if seed % 2 else "light"
        picture.point(lambda level, add=0 if seed % 2 else 128: add + level // 2).save(
            folder / f"{seed}.png"
        )
        rows.append(f"{seed}.png,{artist}")
    (folder / "manifest.csv").write_text("\n".join(rows))
    return folder


def evaluate(output: Path, *arguments: Any) -> dict[str, Any]:
    call_command("stylesim_evaluate", *map(str, arguments), "--output", str(output))
    return json.loads((output / report.JSON_NAME).read_text())


def pick(found: dict[str, Any], **facts: Any) -> dict[str, Any]:
    rows = [
        each
        for each in found["figures"]
        if all(each[name] == value for name, value in facts.items())
    ]
    [row] = rows
    return row


def test_labels_and_edits_are_measured_by_each_lane(folder, tmp_path, capsys):
    found = evaluate(tmp_path / "out", folder, "--edits", 1)
    every = {(each["lane"], each["preset"]) for each in found["figures"]}
    assert {preset for lane, preset in every if lane == "measure"} == {
        *("paper", "style", "content", "balanced", "copies")
    }
    assert {lane for lane, _ in every} == {lane.name for lane in lanes.registered()}
    artist = pick(found, lane="measure", preset="style", task="artist")
    assert (artist["recall_at_1"], artist["n"], artist["source"]) == (1, WORKS, "works")
    assert artist["candidates"] == WORKS - 1
    assert artist["groups"] == 2
    edits = [each for each in found["figures"] if each["lane"] == "same_picture"]
    assert {each["kind"] for each in edits} == {"all", *EDITS}
    whole = pick(found, lane="same_picture", kind="all")
    assert (whole["n"], whole["groups"], whole["candidates"]) == (len(EDITS), 1, WORKS)
    assert whole["recall_at_1"] > 0.5
    assert set(whole["spread"]) == {
        *("recall_at_1", "recall_at_10", "mean_average_precision", "auc", "found_at_1_percent")
    }
    assert found["provenance"]["weights_sha256"] == "synthetic"
    assert found["embeddings"]["picture"]["fitted_to"] == "collection"
    assert found["arguments"]["sources"] == ["works"]
    assert "secret" not in json.dumps(found)
    table = capsys.readouterr().out
    assert table.splitlines()[0].split()[:3] == ["task", "lane", "n"]
    assert "works, artist  measure style" in table


def test_an_interrupted_run_goes_on_where_it_stopped(folder, tmp_path, network, capsys):
    output = tmp_path / "out"
    options = (folder, "--edits", 1, "--lanes", "measure", "same_picture")
    network.stop_after = WORKS
    with pytest.raises(CommandError, match="same output folder") as stopped:
        evaluate(output, *options)
    assert stopped.value.returncode == 130
    assert not (output / report.JSON_NAME).exists()
    network.stop_after = None
    first = evaluate(output, *options)
    assert network.described == WORKS + len(EDITS) + WINDOWS
    assert evaluate(output, *options) == first
    assert network.described == WORKS + len(EDITS) + WINDOWS
    assert not list(output.rglob("*.partial"))


def test_pictures_that_cannot_be_read_are_listed_and_left_out(folder, tmp_path, capsys):
    (folder / "3.png").write_bytes(b"no picture")
    (folder / "5.png").unlink()
    found = evaluate(tmp_path / "out", folder, "--edits", 0, "--lanes", "measure")
    assert found["collection"]["works"] == WORKS - 2
    assert set(found["collection"]["unreadable"]) == {"works/3.png", "works/5.png"}
    assert "works/5.png: No such file" in capsys.readouterr().err


def test_a_broken_query_is_left_out_where_nothing_is_kept_of_queries(folder, tmp_path, capsys):
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "pairs.csv").write_text("query,reference\n0.png,1.png\nbroken.png,1.png\n")
    found = evaluate(
        tmp_path / "out",
        folder / "pairs.csv",
        "--distractors",
        folder,
        "--lanes",
        "same_picture",
        *("--edits", 0),
    )
    assert set(found["collection"]["unreadable"]) == {"works/broken.png"}
    assert pick(found, lane="same_picture")["n"] == 1


def test_nothing_that_can_be_read_is_an_error(tmp_path):
    folder = tmp_path / "works"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"no picture")
    with pytest.raises(CommandError, match="nothing to measure"):
        evaluate(tmp_path / "out", folder)


def test_pairs_are_searched_among_references_and_distractors(folder, tmp_path):
    asked = tmp_path / "asked"
    asked.mkdir()
    (asked / "reference.png").write_bytes((folder / "0.png").read_bytes())
    with Image.open(folder / "0.png") as picture:
        picture.crop((10, 10, 150, 110)).save(asked / "query.png")
    draw(99, SIZE).save(asked / "other.png")
    (asked / "pairs.csv").write_text(
        "query,reference,kind\nquery.png,reference.png,crop\nother.png,NONE,other\n"
    )
    found = evaluate(tmp_path / "out", asked / "pairs.csv", "--distractors", folder, "--edits", 0)
    # The distractor that is the reference is one work with it.
    assert found["collection"]["works"] == WORKS
    assert found["collection"]["left_out_as_the_same_file"] == 1
    crop = pick(found, lane="same_picture", kind="crop")
    assert (crop["recall_at_1"], crop["auc"], crop["n"], crop["absent"]) == (1, 1, 1, 0)
    absent = pick(found, lane="same_picture", kind="other")
    assert (absent["recall_at_1"], absent["n"], absent["absent"]) == (None, 0, 1)


def test_company_shares_collages_and_is_no_candidate(folder, tmp_path):
    more = [draw(seed, SIZE) for seed in range(100, 104)]
    for number, picture in enumerate(more):
        picture.save(folder / f"more-{number}.png")
    rows = [f"more-{number}.png,dark" for number in range(len(more))]
    manifest = folder / "manifest.csv"
    manifest.write_text("\n".join([manifest.read_text(), *rows]))
    options = ("--edits", 1, "--lanes", "measure")
    own = evaluate(tmp_path / "own", folder, *options)
    assert own["collection"]["left_out_for_collages"] == 1
    assert own["collection"]["works"] == WORKS + 3
    outside = tmp_path / "outside"
    outside.mkdir()
    draw(7, SIZE).save(outside / "a.png")
    other = evaluate(tmp_path / "other", folder, *options, "--company", outside)
    assert other["collection"]["left_out_for_collages"] == 0
    assert other["collection"]["works"] == WORKS + 4


class Brightness(VectorLane):
    name = "brightness"
    label = question = meaning = limits = "Brightness"
    size = 2
    version = "1"

    def embed(self, pictures):
        levels = [each.pixels.mean() / 255 for each in pictures]
        return np.array([[level, 1 - level] for level in levels])


def test_a_lane_of_a_host_is_measured_by_its_vectors(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(lanes, "_registered", dict(lanes._registered))
    lanes._registered["brightness"] = Brightness()
    found = evaluate(tmp_path / "out", folder, "--edits", 1, "--lanes", "brightness")
    artist = pick(found, lane="brightness", task="artist")
    assert artist["recall_at_1"] == 1
    assert found["embeddings"] == {"brightness": {"computed_from": "pictures", "version": "1"}}
    assert found["provenance"] is None


def test_a_lane_without_vectors_is_named_with_the_reason(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(vectors, "MINIMUM_FIRST", 64)
    found = evaluate(tmp_path / "out", folder, "--edits", 0)
    assert set(found["not_measured"]) == {"measure", "artist_style", "content", "regions"}
    assert pick(found, lane="measure", preset="paper", task="artist")["n"] == WORKS
    assert "artist_style: not measured. Its vectors are fitted to 64" in capsys.readouterr().out


def test_too_many_works_are_sampled_if_asked(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(collection, "MOST_WORKS", 5)
    options = ("--edits", 0, "--lanes", "measure")
    with pytest.raises(CommandError, match="8 works are too many; measure a sample with --limit"):
        evaluate(tmp_path / "out", folder, *options)
    with pytest.raises(CommandError, match="6 works are too many"):
        evaluate(tmp_path / "out", folder, *options, "--limit", 6)
    found = evaluate(tmp_path / "out", folder, *options, "--limit", 4)
    assert found["collection"]["works"] == 4
    with pytest.raises(CommandError, match="--edits can be at most 0"):
        evaluate(tmp_path / "out", folder, "--edits", 1)


def test_an_unknown_lane_or_folder_is_an_error(folder, tmp_path):
    with pytest.raises(CommandError, match="no lane 'colour'; choose from measure"):
        evaluate(tmp_path / "out", folder, "--lanes", "colour")
    with pytest.raises(CommandError, match="not found"):
        evaluate(tmp_path / "out", tmp_path / "missing")


def test_a_plot_is_drawn_where_matplotlib_is_installed(folder, tmp_path, monkeypatch, capsys):
    options = (folder, "--edits", 0, "--lanes", "measure")
    evaluate(tmp_path / "out", *options)
    with Image.open(tmp_path / "out" / report.PLOT_NAME) as plot:
        assert np.ptp(to_pixels(plot.convert("RGB"))) > 100
    monkeypatch.setattr(report, "has_matplotlib", lambda: False)
    evaluate(tmp_path / "none", *options)
    assert not (tmp_path / "none" / report.PLOT_NAME).exists()
    assert "django-stylesim[plots]" in capsys.readouterr().out


def test_the_gallery_of_the_demo_is_a_source(tmp_path, monkeypatch):
    from project.demo import collection as demo

    folder = tmp_path / "gallery"
    folder.mkdir()
    for name in pictures.NAMES[:4]:
        (folder / f"{name}.png").write_bytes(pictures.png(name))
    monkeypatch.setattr(demo, "draw_gallery", lambda _progress: folder)
    monkeypatch.chdir(tmp_path / "..")
    found = evaluate(tmp_path / "out", "gallery", "--edits", 1, "--lanes", "measure")
    assert found["collection"]["works"] == 4
