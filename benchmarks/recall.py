"""Number of exact descriptors that a search reads, by preset."""

from __future__ import annotations

from typing import Any

from . import site
from .report import Goal, Result

#: Least share of certified answers within the default budget, in percent.
CERTIFIED = {"paper": 99.0, "style": 99.0, "balanced": 95.0, "content": 80.0}
DEFAULT_BUDGET = 200


def run() -> Result:
    rows = site.measure_in_site("recall_in_site", "embedded")
    default = {row["weights"]: row for row in rows if row["budget"] == DEFAULT_BUDGET}
    return Result(
        name="recall",
        description=(
            "Real works, each top ten against the formula in float64, by how many exact "
            "descriptors may be read (STYLESIM_REFINE)."
        ),
        figures=rows,
        goals=[
            *(
                Goal(f"{name}: recall@10, %", row["recall@10 %"], 99.9)
                for name, row in default.items()
            ),
            *(
                Goal(f"{name}: certified, %", row["certified %"], CERTIFIED[name])
                for name, row in default.items()
                if name in CERTIFIED
            ),
        ],
        plot=lambda axes: _plot(axes, rows),
    )


def _plot(axes: Any, rows: list[dict[str, Any]]) -> None:
    for number, name in enumerate(CERTIFIED):
        chosen = [row for row in rows if row["weights"] == name]
        budgets = [row["budget"] for row in chosen]
        axes.plot(
            budgets,
            [row["certified %"] for row in chosen],
            "o-",
            color=f"C{number}",
            label=f"{name}, certified",
        )
        axes.plot(
            budgets,
            [row["recall@10 %"] for row in chosen],
            ":",
            color=f"C{number}",
            label=f"{name}, recall@10",
        )
    axes.set_xscale("log")
    axes.set_xlabel("exact descriptors that may be read")
    axes.set_ylabel("percent of queries")
    axes.legend(ncols=2, fontsize=9)
