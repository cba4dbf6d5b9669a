"""Queries and candidates of the sets of real artworks, with what is right."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylesim_app.core.edits import EDITS, apply_edit
from stylesim_app.core.images import INPUT_SIZE

#: Where the sets of real artworks lie, if STYLESIM_BENCH_DATA names no other folder.
DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ARTISTS, REPRODUCTIONS, GALLERY = "wikiart_pd_dev", "same_work_pd_dev", "museum_rephoto_dev"
#: Pictures of another set, which share collages with an edited work.
COMPANY = "chinese_painting_dev"
#: Works that are edited, from all over the first set.
EDITED_WORKS = 23


@dataclass(frozen=True)
class Shown:
    """A picture of a set: its name, how it is read, and the columns of its manifest."""

    name: str
    read: Callable[[], Image.Image]
    facts: Mapping[str, str]

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture as the network sees it, ``(224, 224, 3)``."""
        size = (INPUT_SIZE, INPUT_SIZE)
        return np.array(self.read().resize(size, Image.Resampling.BICUBIC))


@dataclass(frozen=True)
class Query:
    """A picture to search for, the names that are right, and what it is one of.

    ``group`` is the work or painting that several queries show: they are not independent.
    """

    shown: Shown
    task: str
    group: str
    right: frozenset[str]


def data_folder() -> Path:
    return Path(os.environ.get("STYLESIM_BENCH_DATA", DEFAULT_DATA))


def read_set(name: str) -> list[Shown]:
    """Return the pictures of a set, in the order of its manifest."""
    folder = data_folder() / name
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        Shown(f"{name}/{row['file']}", _reader(folder / row["file"]), dict(row)) for row in rows
    ]


def candidates() -> list[Shown]:
    """Return all works: the artists' first, then the references of the other two sets."""
    others = [*read_set(REPRODUCTIONS), *read_set(GALLERY)]
    return read_set(ARTISTS) + [each for each in others if each.facts["role"] == "reference"]


def queries() -> list[Query]:
    """Return reproductions, photographs taken in a gallery, and edited copies."""
    return [*_references(REPRODUCTIONS), *_references(GALLERY), *_edited_copies()]


def _references(name: str) -> Iterator[Query]:
    for shown in read_set(name):
        if shown.facts["role"] == "query" and shown.facts["reference"] != "NONE":
            right = shown.facts["reference"]
            view = shown.facts.get("query_view")
            task = f"photograph, {view}" if view else "reproduction"
            files = frozenset(f"{name}/{file}" for file in right.split("|"))
            yield Query(shown, task, right, files)


def _edited_copies() -> Iterator[Query]:
    works = read_set(ARTISTS)
    company = sorted((data_folder() / COMPANY).rglob("*.jpg"))[: 3 * EDITED_WORKS]
    for number, work in enumerate(works[:: len(works) // EDITED_WORKS][:EDITED_WORKS]):
        beside = company[3 * number : 3 * number + 3]
        for kind in EDITS:
            shown = Shown(f"{work.name}, {kind}", _editor(kind, work, number, beside), work.facts)
            yield Query(shown, kind, work.name, frozenset([work.name]))


def _editor(
    kind: str, work: Shown, seed: int, company: Sequence[Path]
) -> Callable[[], Image.Image]:
    return lambda: apply_edit(kind, work.read(), seed, [_reader(path)() for path in company])


def _reader(path: Path) -> Callable[[], Any]:
    def read() -> Image.Image:
        with Image.open(path) as picture:
            return picture.convert("RGB")

    return read
