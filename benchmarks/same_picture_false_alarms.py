"""False alarms of the same-picture search: how often it finds some work that shows another picture.

Works are searched for among all others, once with the features of a search by image, and once with
those that are stored. What shows the same picture after all is left out, as far as it is known:
SAME_PICTURES were found by looking at the pairs that are printed, those with most inliers.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from tqdm import tqdm

from .report import Result, Row
from .same_picture import DEFAULT_DATA, Collection, Query, read_picture

#: The roles of the works of each set, one reproduction of each; None where there are no roles.
SETS: Mapping[str, tuple[str, ...] | None] = {
    "wikiart_pd_dev": None,
    "same_work_pd_dev": ("reference",),
    "museum_rephoto_dev": ("reference",),
    "chinese_painting_dev": None,
    "kaokore_triples_dev": ("content", "style"),
}
#: The most further works, from the folder that STYLESIM_BENCH_OTHERS names.
OTHERS = 4_000
QUERIES = 360
THRESHOLDS = range(8, 31)
#: Inliers from which a pair is printed.
PRINTED = 15
#: Pairs of files that show the same picture, which no list of a set names.
SAME_PICTURES: tuple[tuple[str, str], ...] = (
    ("wikiart_pd_dev/images/wd_00026.jpg", "wikiart_pd_dev/images/wd_00218.jpg"),
)


class Worst(NamedTuple):
    """The most inliers of a work that shows another picture than a query."""

    inliers: int
    query: str
    work: str


def run() -> Result:
    cv2.setNumThreads(1)
    paths = list_works()
    collection = Collection()
    for name, path in tqdm(paths.items(), unit=" works"):
        collection.add(name, read_picture(path))
    asked = list(paths)[:: max(1, len(paths) // QUERIES)][:QUERIES]
    searches, stored = [], []
    # Forked, so that each process has the collection.
    with ProcessPoolExecutor(
        mp_context=get_context("fork"), initializer=_Asking.begin, initargs=(collection, paths)
    ) as pool:
        for search, work in tqdm(pool.map(_Asking.ask, asked), total=len(asked), unit=" queries"):
            searches.append(search)
            stored.append(work)
    for worst in sorted({*searches, *stored}, reverse=True):
        if worst.inliers >= PRINTED:
            print(*worst)
    return Result(
        name="same_picture_false_alarms",
        description=(
            f"{len(asked)} of {len(paths)} works, searched for among the others. The queries with "
            "so many inliers with a work that shows another picture, or more: as a search by "
            "image, and with the features that are stored."
        ),
        figures=count_alarms(searches, stored),
    )


def count_alarms(searches: Sequence[Worst], stored: Sequence[Worst]) -> list[Row]:
    found = {"searches": searches, "stored works": stored}
    most = {name: np.array([each.inliers for each in worst]) for name, worst in found.items()}
    return [
        {"inliers": least, **{name: int((each >= least).sum()) for name, each in most.items()}}
        for least in THRESHOLDS
    ]


def list_works() -> dict[str, Path]:
    """Return the files of all works by their names, those of the sets first."""
    folder = Path(os.environ.get("STYLESIM_BENCH_DATA", DEFAULT_DATA))
    works = {
        f"{name}/{row['file']}": folder / name / row["file"]
        for name, roles in SETS.items()
        for row in _rows(folder / name / "manifest.csv")
        if roles is None or row["role"] in roles
    }
    if named := os.environ.get("STYLESIM_BENCH_OTHERS"):
        others = Path(named)
        for path in sorted(others.rglob("*.jpg"))[:OTHERS]:
            works[f"{others.name}/{path.relative_to(others)}"] = path
    return works


def list_same_pictures() -> dict[str, set[str]]:
    """Return for each work those that are known to show the same picture."""
    folder = Path(os.environ.get("STYLESIM_BENCH_DATA", DEFAULT_DATA))
    pairs = [
        (f"{name}/{row['file_a']}", f"{name}/{row['file_b']}")
        for name in SETS
        for row in _rows(folder / name / "near_duplicates.csv")
    ]
    same = defaultdict(set)
    for one, other in [*pairs, *SAME_PICTURES]:
        same[one].add(other)
        same[other].add(one)
    return same


class _Asking:
    """A process that searches."""

    collection: Collection
    paths: Mapping[str, Path]
    same: Mapping[str, set[str]]

    @classmethod
    def begin(cls, collection: Collection, paths: Mapping[str, Path]) -> None:
        cls.collection, cls.paths, cls.same = collection, paths, list_same_pictures()

    @classmethod
    def ask(cls, name: str) -> tuple[Worst, Worst]:
        """Return the worst of a search by image, and of the stored features."""
        left_out = frozenset([name, *cls.same.get(name, ())])
        query = Query("absent", read_picture(cls.paths[name]), frozenset(), left_out)
        answers = cls.collection.ask(query), cls.collection.ask_stored(query, name)
        first, second = (Worst(each.wrong_inliers, name, each.wrong_work) for each in answers)
        return first, second


def _rows(path: Path) -> list[Mapping[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
