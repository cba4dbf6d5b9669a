"""A training run: a folder with its plan, checkpoint, log and weights.

An interrupted run continues from its checkpoint, and ends with the same weights.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from stylesim_app.core.descriptors import STYLE_LAYERS
from stylesim_app.core.vgg import build_network
from stylesim_app.core.weights import load_weights

from .batches import Batches
from .evaluate import score
from .export import as_weights
from .folding import fold, scale_layers
from .network import Trunk
from .pictures import ManifestError, Pictures
from .recipe import Recipe
from .tasks import label_task
from .trainer import Trainer

PLAN, CHECKPOINT, LOG = "plan.json", "checkpoint.pt", "log.jsonl"
#: Steps that are timed to plan for a duration, after as many that are not.
TIMED_STEPS = 4
#: Seconds between checkpoints; steps between lines of the log.
CHECKPOINT_SECONDS = 120
LOG_STEPS = 50
#: Number of validations in a run, and of pictures in each.
VALIDATIONS = 8
VALIDATION_PICTURES = 400


@dataclass(frozen=True)
class Plan:
    """All that determines the resulting weights, except the last digits of the hardware."""

    steps: int
    seed: int
    #: Names of the first label whose pictures are excluded from training.
    held_out: list[str]
    recipe: Recipe = field(default_factory=Recipe)
    #: Weights to continue from: paintings, imagenet or a file. Without them, random ones.
    start: str | None = None
    #: The layer up to which they are frozen.
    frozen: str | None = None

    def __post_init__(self) -> None:
        if self.frozen is not None and self.start is None:
            raise ManifestError(
                f"Layers to {self.frozen} are to stay as they are, but there are no weights to"
                " start from; give both --start and --freeze."
            )

    def sizes(self) -> list[int]:
        """Return the side of the views of each step."""
        ends = np.cumsum([stage.share for stage in self.recipe.stages])
        middles = (np.arange(self.steps) + 0.5) / self.steps
        stages = np.searchsorted(ends / ends[-1], middles)
        return [self.recipe.stages[int(stage)].size for stage in stages]


class Run:
    """A plan that is executed in a folder."""

    def __init__(
        self, folder: Path, pictures: Pictures, plan: Plan, device: str, workers: int
    ) -> None:
        self.folder, self.pictures, self.plan, self.workers = folder, pictures, plan, workers
        self.trainer = new_trainer(pictures, plan, device)
        rows, self.held_out = _split(pictures, plan.held_out)
        self.batches = Batches(pictures, rows, plan.sizes(), plan.recipe, plan.seed)
        self._take_up()

    @property
    def _checkpoint(self) -> Path:
        return self.folder / CHECKPOINT

    def _take_up(self) -> None:
        """Write the plan, or check that it is the one already there. Raises ManifestError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        asked = json.loads(json.dumps(asdict(self.plan)))
        begun = begun_plan(self.folder)
        if begun not in (None, asked):
            raise ManifestError(f"{self.folder} holds another run; choose another folder.")
        (self.folder / PLAN).write_text(json.dumps(asked, indent=1, ensure_ascii=False))
        if self._checkpoint.exists():
            self.trainer.load_state(torch.load(self._checkpoint, weights_only=True))
        elif self.plan.start is not None:
            self.trainer.start_from(load_weights(self.plan.start, Path()), self.batches[0])

    def carry_out(self) -> Iterator[dict[str, Any]]:
        """Train to the end; yield the lines of the log."""
        steps, trainer = self.plan.steps, self.trainer
        loader = DataLoader(
            self.batches,
            batch_size=None,
            sampler=range(trainer.step, steps),
            num_workers=self.workers,
        )
        started = saved = time.monotonic()
        parts: list[dict[str, float]] = []
        for batch in loader:
            parts.append(trainer.train(batch, trainer.step / steps))
            done = trainer.step
            if done % LOG_STEPS == 0 or done == steps:
                means = {name: float(np.mean([each[name] for each in parts])) for name in parts[0]}
                yield self._log(step=done, seconds=time.monotonic() - started, **means)
                parts.clear()
            due = done * VALIDATIONS // steps > (done - 1) * VALIDATIONS // steps
            if due and len(self.held_out):
                yield self._log(step=done, **self.validate())
            if time.monotonic() - saved > CHECKPOINT_SECONDS or done == steps:
                self._save()
                saved = time.monotonic()

    def validate(self) -> dict[str, float]:
        """Return shares of held-out pictures whose nearest has the same name, by preset."""
        rows = self.held_out[:: max(1, len(self.held_out) // VALIDATION_PICTURES)]
        label, numbers = next(iter(self.pictures.labels.items()))
        task = label_task(label, [str(number) for number in numbers[rows]])
        if task is None:
            return {}
        network = build_network(as_weights(folded(self.trainer.average, self.trainer.gains)))
        scores = score(network, self.pictures.pixels[rows], [task])
        return {f"{each.task}, {each.weighting}": each.first for each in scores}

    def _log(self, **facts: Any) -> dict[str, Any]:
        with (self.folder / LOG).open("a") as file:
            file.write(json.dumps(facts) + "\n")
        return facts

    def _save(self) -> None:
        partial = self._checkpoint.with_suffix(".partial")
        torch.save(self.trainer.state(), partial)
        partial.replace(self._checkpoint)


def begun_plan(folder: Path) -> dict[str, Any] | None:
    """Return the plan of the run in a folder, if there is one."""
    path = folder / PLAN
    return json.loads(path.read_text()) if path.exists() else None


def new_trainer(pictures: Pictures, plan: Plan, device: str) -> Trainer:
    classes = {label: len(names) for label, names in pictures.names.items()}
    return Trainer(classes, plan.recipe, plan.seed, device, plan.frozen)


def trained_weights(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Return the averaged weights of a run, folded, and its plan. Raises ManifestError."""
    plan = begun_plan(folder)
    if plan is None or not (folder / CHECKPOINT).exists():
        raise ManifestError(f"{folder} holds no checkpoint; run `train`.")
    state = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
    trunk = Trunk(plan["frozen"])
    trunk.load_state_dict(state["average"])
    return folded(trunk, state["gains"]), plan


def folded(trunk: Trunk, gains: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return weights of plain VGG19 that include the trained gains of the style layers."""
    relative = (gains.detach().cpu() - gains.detach().cpu().mean()).exp().tolist()
    return scale_layers(fold(trunk), dict(zip(STYLE_LAYERS, relative, strict=True)))


def steps_for(minutes: float, pictures: Pictures, plan: Plan, device: str, workers: int) -> int:
    """Return the number of steps of the plan's recipe that take ``minutes`` on this machine."""
    rows, _ = _split(pictures, plan.held_out)
    trainer = new_trainer(pictures, plan, device)
    seconds = 0.0
    for stage in plan.recipe.stages:
        batches = Batches(pictures, rows, [stage.size] * 2 * TIMED_STEPS, plan.recipe, plan.seed)
        for number, batch in enumerate(DataLoader(batches, batch_size=None, num_workers=workers)):
            if number == TIMED_STEPS:
                started = time.monotonic()
            trainer.train(batch, 0.5)
        seconds += stage.share * (time.monotonic() - started) / TIMED_STEPS
    return max(1, int(60 * minutes * sum(stage.share for stage in plan.recipe.stages) / seconds))


def choose_held_out(pictures: Pictures, count: int, seed: int) -> list[str]:
    """Return held-out names of the first label.

    Raises ManifestError if fewer than two would be left.
    """
    names = next(iter(pictures.names.values()))
    if count > len(names) - 2:
        raise ManifestError(f"There are {len(names)} classes; {count} cannot be held out.")
    return sorted(np.random.default_rng(seed).choice(names, count, replace=False).tolist())


def _split(pictures: Pictures, held_out: list[str]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the positions of pictures to train on, and of those that are held out."""
    numbers, names = next(iter(pictures.labels.values())), next(iter(pictures.names.values()))
    held = np.isin(numbers, [names.index(name) for name in held_out])
    return np.nonzero(~held)[0], np.nonzero(held)[0]
