"""Surroundings of works that are cut: on pages drawn with paintings, and in sets of real pictures.

Thresholds were chosen on every other painting; the figures are of those in between.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from stylesim_app.core import surroundings
from stylesim_app.core.boxes import WHOLE, Box

from .pages import KINDS, QUALITIES, draw_page
from .report import Result, Row
from .same_picture import DEFAULT_DATA

PAINTINGS = "wikiart_pd_dev"
#: Every so many of the paintings is drawn, half of them to choose thresholds.
STEP = 9
#: How far an edge may lie off, as a share of the side of the picture.
NEAR = 0.025
#: Real pictures, most of which have no surroundings.
REAL = ("chinese_painting_dev", "kaokore_triples_dev", "museum_rephoto_dev", PAINTINGS)


class Outcome(NamedTuple):
    """The outcome of a page: ``right``, ``complete`` where nothing was cut, or ``wrong``.

    ``work`` is the number of the painting.
    """

    kind: str
    quality: int
    outcome: str
    work: int


def run() -> Result:
    outcomes = [each for each in measure() if each.work % 2]
    return Result(
        name="surroundings",
        description=(
            f"Pages drawn with {len({each.work for each in outcomes})} paintings that no threshold "
            "was chosen on, and that have no margins themselves. Pictures of four sets by how "
            "many are cut."
        ),
        figures=[*tabulate(outcomes), *count_real()],
    )


def measure() -> list[Outcome]:
    """Return the outcomes of all pages, of all paintings."""
    paths = sorted((_folder() / PAINTINGS / "images").glob("*.jpg"))[::STEP]
    tasks = [(number, path) for number, path in enumerate(paths)]
    with ProcessPoolExecutor() as pool:
        found = pool.map(_measure_work, tasks)
        return [each for outcomes in found for each in outcomes]


def _measure_work(task: tuple[int, Path]) -> list[Outcome]:
    number, path = task
    work = Image.open(path).convert("RGB")
    outcomes: list[Outcome] = []
    if surroundings.find(work).kind:
        # Its own margins would count as errors.
        return outcomes
    for kind_number, kind in enumerate(KINDS):
        generator = np.random.default_rng((number, kind_number))
        page, quality = draw_page(kind, work, generator)
        found = surroundings.find(page.image)
        outcomes.append(Outcome(kind, quality, judge(found.box, page.box), number))
    return outcomes


def judge(found: Box, true: Box) -> str:
    """Return the outcome: right if each edge lies near that of the work."""
    if max(abs(a - b) for a, b in zip(_edges(found), _edges(true), strict=True)) <= NEAR:
        return "right"
    return "complete" if found == WHOLE else "wrong"


def _edges(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.left + box.width, box.top + box.height


def tabulate(outcomes: Sequence[Outcome]) -> list[Row]:
    rows: list[Row] = []
    for kind in KINDS:
        of_kind = [each for each in outcomes if each.kind == kind]
        low = [each for each in of_kind if each.quality <= QUALITIES[1]]
        rows.append(
            {
                "pages": kind,
                "n": len(of_kind),
                **{name: _count(of_kind, name) for name in ("right", "complete", "wrong")},
                "n at quality 30 and 50": len(low),
                "right at quality 30 and 50": _count(low, "right"),
            }
        )
    return rows


def _count(outcomes: Sequence[Outcome], outcome: str) -> int:
    return sum(each.outcome == outcome for each in outcomes)


def count_real() -> list[Row]:
    """Return how many pictures of each set are cut, and print their names to look at."""
    rows: list[Row] = []
    for name in REAL:
        paths = sorted((_folder() / name / "images").glob("*.jpg"))
        cut = [
            path.name for path in paths if surroundings.find(Image.open(path).convert("RGB")).kind
        ]
        print(f"{name}:", *cut)
        rows.append({"pages": name, "n": len(paths), "cut": len(cut)})
    return rows


def _folder() -> Path:
    return Path(os.environ.get("STYLESIM_BENCH_DATA", DEFAULT_DATA))
