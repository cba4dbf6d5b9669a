"""Cost of the n-th work after extraction: its list, and its entries in the lists of others."""

from __future__ import annotations

from typing import Any

from . import site
from .report import Goal, Result


def run() -> Result:
    rows = site.measure_in_site("growth_in_site", "embedded")
    return Result(
        name="growth",
        description=(
            "Median over new works of a collection blended of real works' descriptors. Lists reach "
            "as far as the estimates say; only those that the new works may enter are filled."
        ),
        figures=rows,
        goals=[
            Goal(
                f"the {rows[-1]['works']:,}th work, seconds",
                rows[-1]["all ms"] / 1e3,
                0.5,
                at_least=False,
            )
        ],
        plot=lambda axes: _plot(axes, rows),
    )


def _plot(axes: Any, rows: list[dict[str, Any]]) -> None:
    works = [row["works"] for row in rows]
    for name, label in (
        ("all", "all"),
        ("candidates", "candidates for its own list"),
        ("reachable", "lists that it may enter"),
    ):
        axes.loglog(works, [row[f"{name} ms"] for row in rows], "o-", label=label)
    axes.set_xlabel("works")
    axes.set_ylabel("milliseconds for one more work")
    axes.legend()
