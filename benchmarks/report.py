"""Results of benchmarks: printed as a table, stored as JSON, and plotted.

A benchmark is a module of this package with ``run() -> Result``; ``__main__`` lists them.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stylesim_app.core.vgg import has_bfloat16

#: A line of the table: the value in each of its columns.
Row = Mapping[str, str | float]


@dataclass(frozen=True)
class Goal:
    """A target for a figure, and its measured value."""

    text: str
    value: float
    goal: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal


@dataclass(frozen=True)
class Result:
    """The result of one benchmark. ``plot`` draws on Matplotlib axes; None for a table alone."""

    name: str
    description: str
    figures: Sequence[Row]
    goals: Sequence[Goal] = ()
    plot: Callable[[Any], None] | None = None


def report(result: Result, folder: Path) -> None:
    """Print a result, and write ``folder/NAME.json`` and, if there is a plot, ``NAME.png``."""
    print(to_text(result))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.name}.json"
    path.write_text(json.dumps(to_json(result), indent=1, ensure_ascii=False) + "\n")
    if result.plot is not None:
        _draw(result.plot, path.with_suffix(".png"))


def to_text(result: Result) -> str:
    """Return a title, the table, and the goals."""
    columns = list(dict.fromkeys(column for row in result.figures for column in row))
    lines = [
        columns,
        *([_show(row.get(column, "")) for column in columns] for row in result.figures),
    ]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    table = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    goals = [
        f"{'met' if goal.met else 'NOT MET'}: {goal.text}: {_show(goal.value)}, "
        f"goal at {'least' if goal.at_least else 'most'} {_show(goal.goal)}"
        for goal in result.goals
    ]
    blocks = [[f"# {result.name}", result.description], table, goals]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def to_json(result: Result) -> dict[str, Any]:
    """Return all of a result, with the machine and the day."""
    return {
        "name": result.name,
        "description": result.description,
        "machine": describe_machine(),
        "figures": [dict(row) for row in result.figures],
        "goals": [
            {
                "text": goal.text,
                "value": goal.value,
                "goal": goal.goal,
                "at_least": goal.at_least,
                "met": goal.met,
            }
            for goal in result.goals
        ],
    }


def describe_machine() -> dict[str, str | int | bool]:
    """Return the properties of the machine that the figures depend on."""
    return {
        "processor": _processor(),
        "bfloat16 in hardware": has_bfloat16("cpu"),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": version("torch"),
        "numpy": version("numpy"),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except FileNotFoundError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _show(value: str | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _draw(plot: Callable[[Any], None], path: Path) -> None:
    # Only plots need it.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#e4e4e4",
        "font.size": 11,
        "legend.frameon": False,
    }
    with rc_context(style):
        figure = Figure(figsize=(8, 4.5), dpi=150, layout="constrained")
        plot(figure.subplots())
        figure.savefig(path)
