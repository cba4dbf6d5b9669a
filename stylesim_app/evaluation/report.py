"""The report of an evaluation: a table, a JSON document and a plot."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from .. import __version__
from ..core.descriptors import Provenance
from .collection import Collection
from .figures import Figures
from .kept import Kept
from .tasks import ALL, Measured

JSON_NAME, PLOT_NAME = "evaluation.json", "evaluation.png"


@dataclass(frozen=True)
class Report:
    """All that was measured. ``not_measured`` holds the reason by lane."""

    measured: Sequence[Measured]
    not_measured: Mapping[str, str]
    collection: Collection
    provenance: Provenance | None
    fits: Mapping[str, Mapping[str, Any]]
    arguments: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        works, queries = self.collection.works, self.collection.queries
        return {
            "stylesim": __version__,
            "date": datetime.now(UTC).date().isoformat(),
            "arguments": dict(self.arguments),
            "provenance": None if self.provenance is None else self.provenance.to_json(),
            "embeddings": {name: dict(fit) for name, fit in self.fits.items()},
            "collection": {
                "works": len(works),
                "distractors": sum(work.is_distractor for work in works),
                "queries": len(queries),
                "left_out_for_collages": self.collection.company_left_out,
                "left_out_as_the_same_file": self.collection.same_files,
                "unreadable": dict(self.collection.problems),
            },
            "not_measured": dict(self.not_measured),
            "figures": [each.to_json() for each in self.measured],
        }


def write(report: Report, folder: Path) -> list[Path]:
    """Write the JSON and, where Matplotlib is installed, the plot; return what was written."""
    kept = Kept(folder)
    text = json.dumps(report.to_json(), indent=1, ensure_ascii=False)
    written = [folder / JSON_NAME]
    kept.write(written[0], f"{text}\n".encode())
    if has_matplotlib() and report.measured:
        written.append(folder / PLOT_NAME)
        kept.write(written[1], draw(report.measured))
    return written


def has_matplotlib() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def heads() -> list[str]:
    """Return the heads of the table."""
    return [
        _("task"),
        _("lane"),
        _("n"),
        _("recall at 1"),
        _("recall at 10"),
        _("mAP"),
        _("AUC"),
        _("found at 0.01 false alarms"),
    ]


def rows(measured: Iterable[Measured]) -> Iterator[list[str]]:
    """Yield the rows of the table by task: labels, kinds of pairs, and all edits together."""
    for task, members in by_task(measured).items():
        for each in members:
            first, *others = _columns(each.figures)
            spread = each.spread.recall_at_1
            if not np.isnan(spread):
                first = f"{first} ± {_show(spread)}"
            yield [task, _lane(each), str(each.n), first, *others]


def by_task(measured: Iterable[Measured]) -> dict[str, list[Measured]]:
    """Return what is shown in short, by the name of the task."""
    shown: dict[str, list[Measured]] = {}
    for each in measured:
        if not each.n or (each.task.name == "edits" and each.task.kind != ALL):
            continue
        shown.setdefault(_task(each), []).append(each)
    return shown


def draw(measured: Sequence[Measured]) -> bytes:
    """Return a plot of recall at 1 by task and lane, as PNG. Needs Matplotlib."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    tasks = by_task(measured)
    names = list(dict.fromkeys(_lane(each) for each in measured))
    with rc_context({"axes.spines.top": False, "axes.spines.right": False, "font.size": 10}):
        figure = Figure(figsize=(max(6.0, 1.9 * len(tasks) + 2), 5), dpi=150, layout="constrained")
        axes = figure.subplots()
        axes.set_axisbelow(True)
        axes.grid(axis="y", color="#e4e4e4")
        width = 1 / (len(names) + 1)
        for number, name in enumerate(names):
            found = {
                task: each
                for task, members in tasks.items()
                for each in members
                if _lane(each) == name
            }
            places = [list(tasks).index(task) for task in found]
            axes.bar(
                np.array(places) + (number - len(names) / 2 + 0.5) * width,
                [each.figures.recall_at_1 for each in found.values()],
                width,
                yerr=[np.nan_to_num(each.spread.recall_at_1) for each in found.values()],
                error_kw={"elinewidth": 0.6},
                color=f"C{number}",
                label=name,
            )
        axes.set_xticks(range(len(tasks)), [task.replace(", ", ",\n") for task in tasks])
        axes.set_ylabel("recall at 1")
        axes.set_ylim(0, 1.05)
        figure.legend(
            ncols=min(5, len(names)), fontsize=8, loc="outside upper center", frameon=False
        )
        buffer = BytesIO()
        figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _task(each: Measured) -> str:
    task = each.task
    parts = [task.source, *([task.name] if task.name != "pairs" else []), task.kind]
    return ", ".join(part for part in parts if part and part != ALL)


def _lane(each: Measured) -> str:
    return f"{each.lane} {each.preset}".strip()


def _columns(figures: Figures) -> list[str]:
    return [
        _show(value)
        for value in (
            figures.recall_at_1,
            figures.recall_at_10,
            figures.mean_average_precision,
            figures.auc,
            figures.found_at_1_percent,
        )
    ]


def _show(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.2f}"
