"""Training on a tiny set, in a minute: a resumed run gives the same weights."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from stylesim_app.core.weights import CONVOLUTIONS, load_weights
from training.__main__ import main
from training.pictures import ManifestError
from training.recipe import RECIPES, Recipe, Stage
from training.run import Plan, Run, choose_held_out, steps_for, trained_weights

TINY = Recipe(pictures=6, stages=(Stage(0.5, 32), Stage(0.5, 48)))
STEPS = 6


def make_run(folder, prepared, steps=STEPS, held_out=()):
    return Run(folder, prepared, Plan(steps, 3, list(held_out), TINY), "cpu", 0)


@pytest.fixture(scope="module")
def finished(prepared_folder, tmp_path_factory):
    from training.pictures import Pictures

    run = make_run(tmp_path_factory.mktemp("run"), Pictures.open(prepared_folder))
    lines = list(run.carry_out())
    return run, lines


def test_stages_share_the_steps():
    plan = Plan(10, 0, [], Recipe(stages=(Stage(3, 64), Stage(1, 96), Stage(1, 128))))
    assert plan.sizes() == [64] * 6 + [96] * 2 + [128] * 2


def test_a_run_that_was_killed_ends_with_the_same_weights(finished, prepared, tmp_path):
    uninterrupted, _ = finished
    run = make_run(tmp_path, prepared)
    for number in range(3):
        run.trainer.train(run.batches[number], number / STEPS)
    run._save()
    resumed = make_run(tmp_path, prepared)
    assert resumed.trainer.step == 3
    list(resumed.carry_out())
    theirs = uninterrupted.trainer.state()
    for name, tensor in resumed.trainer.state()["average"].items():
        assert torch.equal(tensor, theirs["average"][name]), name
    assert torch.equal(resumed.trainer.gains, uninterrupted.trainer.gains)


def test_a_run_writes_its_plan_and_its_log(finished):
    run, lines = finished
    plan = json.loads((run.folder / "plan.json").read_text())
    assert plan["steps"] == STEPS
    assert plan["recipe"]["stages"][1]["size"] == 48
    logged = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    assert logged == lines
    assert {"classes", "style", "content"} <= set(lines[-1])


def test_training_lowers_what_it_minimises(prepared, tmp_path):
    run = make_run(tmp_path, prepared, steps=40)
    batch = run.batches[0]
    first = run.trainer.train(batch, 0.1)
    for _ in range(14):
        last = run.trainer.train(batch, 0.1)
    for name in ("classes", "style", "content"):
        assert last[name] < first[name], name


def test_hands_are_taught_by_one_view_of_each_picture(prepared, tmp_path):
    recipe = replace(RECIPES["hands"], pictures=6, stages=(Stage(1.0, 32),))
    run = Run(tmp_path, prepared, Plan(40, 3, [], recipe), "cpu", 0)
    batch = run.batches[0]
    assert len(batch.views) == len(batch.content.unique()) == 6
    assert torch.equal(batch.content, batch.style)
    assert torch.equal(batch.hands, batch.labels["artist"])
    first = run.trainer.train(batch, 0.1)
    for _ in range(14):
        last = run.trainer.train(batch, 0.1)
    assert set(last) == {"classes"}
    assert last["classes"] < first["classes"]


def test_a_folder_holds_one_run(finished, prepared):
    run, _ = finished
    with pytest.raises(ManifestError, match="holds another run"):
        make_run(run.folder, prepared, steps=7)


def test_held_out_names_are_never_seen(prepared, tmp_path):
    held_out = choose_held_out(prepared, 1, seed=0)
    run = make_run(tmp_path, prepared, held_out=held_out)
    unseen = prepared.names["artist"].index(held_out[0])
    for number in range(STEPS):
        assert unseen not in run.batches[number].labels["artist"]
    assert set(prepared.labels["artist"][run.held_out]) == {unseen}
    with pytest.raises(ManifestError, match="2 cannot be held out"):
        choose_held_out(prepared, 2, seed=0)


def test_frozen_layers_stay_and_all_others_change(prepared, tmp_path):
    plan = Plan(2, 3, [], TINY, start="paintings", frozen="relu4_1")
    run = Run(tmp_path, prepared, plan, "cpu", 0)
    list(run.carry_out())
    tensors, _ = trained_weights(tmp_path)
    before = load_weights("paintings", tmp_path).tensors
    gains = run.trainer.gains.detach()
    for index in CONVOLUTIONS:
        weight, old = tensors[f"features.{index}.weight"], before[f"{index}.weight"].float()
        # Gains multiply the maps of style layers; a convolution between two of them is as it was.
        if index in (2, 7, 12, 14, 16):
            old = old * (weight.norm() / old.norm())
        if index <= 16:
            torch.testing.assert_close(weight, old, rtol=1e-2, atol=1e-4)
        elif index > 19:
            assert not torch.allclose(weight, old, rtol=1e-2, atol=1e-4), index
    assert gains.abs().max() > 0


def test_freezing_needs_weights_to_start_from():
    with pytest.raises(ManifestError, match="give both --start and --freeze"):
        Plan(2, 3, [], TINY, frozen="relu4_1")


def test_a_time_becomes_a_number_of_steps(prepared, monkeypatch):
    monkeypatch.setattr("training.run.TIMED_STEPS", 1)
    plan = Plan(1, 0, [], TINY)
    few, many = (steps_for(minutes, prepared, plan, "cpu", 0) for minutes in (0.2, 20))
    assert 1 <= few < many


def test_the_four_verbs(folder, tmp_path, monkeypatch, capsys):
    """From a folder of pictures to weights that the app loads."""

    def call(*words) -> str:
        monkeypatch.setattr("sys.argv", ["training", *map(str, words)])
        main()
        return capsys.readouterr().out

    assert "12 pictures prepared, 0 unreadable" in call("prepare", folder, tmp_path / "pictures")
    train = ("train", tmp_path / "pictures", tmp_path / "run", "--hold-out", 1, "--sizes", 32, 48)
    printed = call(*train, "--steps", 2)
    assert printed.startswith("2 steps; held out: ")
    assert "step 2  artist, paper " in printed
    stages = json.loads((tmp_path / "run" / "plan.json").read_text())["recipe"]["stages"]
    assert stages == [{"share": 1.0, "size": 32}, {"share": 1.0, "size": 48}]
    assert "2 steps" in call(*train), "the plan of a run that was begun is kept"
    hands = ("train", tmp_path / "pictures", tmp_path / "hands", "--recipe", "hands", "--steps", 1)
    printed = call(*hands)
    assert "  classes " in printed
    assert "  content " not in printed
    weights = tmp_path / "weights.safetensors"
    export = ("export", tmp_path / "run", weights, "--origin", "version=mine")
    unbalanced = call(*export)
    printed = call(*export, "--balance", tmp_path / "pictures")
    assert printed != unbalanced
    assert load_weights(str(weights), tmp_path).sha256 == printed.strip()
    table = call("evaluate", weights, folder, "--labels", "artist", "movement")
    rows = [line.split() for line in table.splitlines()[1:]]
    assert [(row[0], row[1]) for row in rows][:2] == [("artist", "paper"), ("movement", "paper")]
    assert all(row[2] == "12" for row in rows)
    assert "relu4_1" not in table
    assert "artist                   relu4_1 " in call(
        "evaluate", weights, folder, "--labels", "artist", "--layers"
    )


def test_what_cannot_be_used_is_said_without_a_traceback(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["training", "train", str(tmp_path), str(tmp_path / "run")])
    with pytest.raises(SystemExit, match="holds no prepared pictures"):
        main()
