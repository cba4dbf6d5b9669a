"""Recall and speed of the same-picture search: edited copies, reproductions, photographs."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from stylesim_app.core.edits import EDITS, apply_edit
from stylesim_app.core.same_picture.compact import CompactFeatures
from stylesim_app.core.same_picture.detail import QUERY
from stylesim_app.core.same_picture.features import LocalFeatures, extract_features
from stylesim_app.core.same_picture.inverted_file import CANDIDATES, InvertedFile
from stylesim_app.core.same_picture.search import find_same_picture
from stylesim_app.core.same_picture.vocabulary import load_vocabulary

from .report import Goal, Result, Row

#: Where the sets of real artworks lie, if STYLESIM_BENCH_DATA names no other folder.
DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
COLLECTION = ("wikiart_pd_dev", "same_work_pd_dev")
#: Works that are edited, from all over the first set.
EDITED_WORKS = 23
#: Pictures of another set: the first share collages, and some of the others, ink paintings with
#: few details, are edited too.
INK_PAINTINGS = "chinese_painting_dev"
COMPANY = 69
EDITED_INK_PAINTINGS = 16
INK = "ink painting: "


class Query(NamedTuple):
    """A picture to search for: what kind it is, the keys that are right, and those left out."""

    kind: str
    picture: Image.Image
    right: frozenset[str]
    left_out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Answer:
    """A search: inliers of a right first work, and of the best work that is wrong, by name."""

    kind: str
    found: bool
    right_inliers: int
    wrong_inliers: int
    wrong_work: str
    seconds: float


class Collection:
    """Works by name, their compact features, and what it cost to add them."""

    def __init__(self) -> None:
        self.works: dict[str, CompactFeatures] = {}
        self.names: list[str] = []
        self.inverted_file = InvertedFile(load_vocabulary())
        self.seconds = 0.0

    def add(self, name: str, picture: Image.Image) -> None:
        start = time.process_time()
        compact = self.inverted_file.vocabulary.encode(extract_features(picture))
        self.inverted_file.add([(len(self.names), compact)])
        self.seconds += time.process_time() - start
        self.works[name] = compact
        self.names.append(name)

    def ask(self, query: Query) -> Answer:
        """Search with and without the works that are right, in one go."""
        start = time.process_time()
        return self._ask(query, extract_features(query.picture, QUERY), start)

    def ask_stored(self, query: Query, name: str) -> Answer:
        """Search for a work with the features that are stored of it."""
        start = time.process_time()
        return self._ask(query, self.inverted_file.vocabulary.decode(self.works[name]), start)

    def _ask(self, query: Query, features: LocalFeatures, start: float) -> Answer:
        found = find_same_picture(
            features,
            self.inverted_file,
            self._read,
            CANDIDATES + len(query.right) + len(query.left_out),
        )
        seconds = time.process_time() - start
        ranked = [(self.names[each.key], each.verification.inliers) for each in found]
        ranked = [(name, inliers) for name, inliers in ranked if name not in query.left_out]
        right = [inliers for name, inliers in ranked if name in query.right]
        others = [(inliers, name) for name, inliers in ranked if name not in query.right]
        wrong_inliers, wrong_work = max(others, default=(0, ""))
        return Answer(
            kind=query.kind,
            found=bool(ranked) and ranked[0][0] in query.right,
            right_inliers=max(right, default=0),
            wrong_inliers=wrong_inliers,
            wrong_work=wrong_work,
            seconds=seconds,
        )

    def _read(self, key: int) -> CompactFeatures:
        return self.works[self.names[key]]


def run() -> Result:
    # The cost that is stated is that of one core.
    cv2.setNumThreads(1)
    folder = Path(os.environ.get("STYLESIM_BENCH_DATA", DEFAULT_DATA))
    collection = Collection()
    for name in tqdm(list_collection(folder), unit=" works"):
        collection.add(name, read_picture(folder / name))
    queries = [
        *edited_copies(folder),
        *edited_ink_paintings(folder),
        *reproductions(folder),
        *gallery_photographs(folder),
    ]
    answers = [collection.ask(query) for query in tqdm(queries, unit=" queries")]
    return report_answers(collection, answers)


def report_answers(collection: Collection, answers: Sequence[Answer]) -> Result:
    kinds = {kind: [each for each in answers if each.kind == kind] for kind in _kinds(answers)}
    edits = [answer for answer in answers if answer.kind in EDITS]
    photographs = [answer for answer in answers if answer.kind.startswith("photograph: frame")]
    others = [answer for answer in answers if answer.kind == "reproduction"]
    ink = [answer for answer in answers if answer.kind.startswith(INK)]
    groups = {**kinds, "all edits": edits, f"{INK}all edits": ink, "everything": list(answers)}
    auc, found = present_or_absent(edits)
    bytes_a_work = np.mean([len(compact.to_bytes()) for compact in collection.works.values()])
    return Result(
        name="same_picture",
        description=(
            f"{len(collection.works)} works; {EDITED_WORKS} of them edited in {len(EDITS)} ways, "
            f"{EDITED_INK_PAINTINGS} ink paintings likewise, "
            "other reproductions, and photographs taken in a gallery. Inliers of the right work "
            "and of the best wrong one; a work took "
            f"{bytes_a_work:,.0f} bytes and {collection.seconds / len(collection.works):.3f} s of "
            "CPU to add."
        ),
        figures=[_row(name, group) for name, group in groups.items() if group],
        goals=[
            Goal("edited copies, rank 1", _share_found(edits), 0.99),
            Goal(
                "the worst kind of edit, rank 1",
                min(_share_found(kinds[kind]) for kind in EDITS),
                0.95,
            ),
            Goal("present or absent, AUC", auc, 0.998),
            Goal("found at 1 % false alarms", found, 0.98),
            Goal("reproductions, rank 1", _share_found(others), 0.99),
            Goal(
                "gallery photographs with frame and wall, rank 1", _share_found(photographs), 0.97
            ),
            Goal("bytes a work", float(bytes_a_work), 12_000, at_least=False),
        ],
    )


def present_or_absent(answers: Sequence[Answer]) -> tuple[float, float]:
    """Return the area under the ROC curve, and the share found at 1 % false alarms.

    Every query is asked once with its work in the collection, once without.
    """
    present = np.array([answer.right_inliers for answer in answers])
    absent = np.array([answer.wrong_inliers for answer in answers])
    above = (present[:, None] > absent).mean() + (present[:, None] == absent).mean() / 2
    threshold = np.quantile(absent, 0.99, method="higher")
    return float(above), float((present > threshold).mean())


def list_collection(folder: Path) -> list[str]:
    """Return the names of all works: two sets, some ink paintings, and the gallery's references."""
    names = [f"{name}/{row['file']}" for name in COLLECTION for row in _manifest(folder / name)]
    museum = "museum_rephoto_dev"
    rows = _manifest(folder / museum)
    names += [str(path.relative_to(folder)) for path in _ink_paintings(folder)[1]]
    return names + [f"{museum}/{row['file']}" for row in rows if row["role"] == "reference"]


def edited_copies(folder: Path, count: int = EDITED_WORKS) -> Iterator[Query]:
    works = [f"{COLLECTION[0]}/{row['file']}" for row in _manifest(folder / COLLECTION[0])]
    yield from _edit(folder, works[:: len(works) // count][:count])


def edited_ink_paintings(folder: Path) -> Iterator[Query]:
    names = [str(path.relative_to(folder)) for path in _ink_paintings(folder)[1]]
    yield from _edit(folder, names, INK)


def reproductions(folder: Path) -> Iterator[Query]:
    """Yield the queries of the set of pairs, which are in the collection too, and left out."""
    rows = _manifest(folder / COLLECTION[1])
    for row in rows:
        if row["role"] == "query":
            names = {
                f"{COLLECTION[1]}/{other['file']}"
                for other in rows
                if other["work_id"] == row["work_id"]
            }
            name = f"{COLLECTION[1]}/{row['file']}"
            right = frozenset(names - {name})
            yield Query("reproduction", read_picture(folder / name), right, frozenset([name]))


def gallery_photographs(folder: Path) -> Iterator[Query]:
    museum = "museum_rephoto_dev"
    for row in _manifest(folder / museum):
        if row["role"] == "query" and row["reference"] != "NONE":
            right = frozenset(f"{museum}/{file}" for file in row["reference"].split("|"))
            kind = f"photograph: {row['query_view']}, {row['transform']}"
            yield Query(kind, read_picture(folder / museum / row["file"]), right)


def _edit(folder: Path, names: Sequence[str], prefix: str = "") -> Iterator[Query]:
    company = [read_picture(path) for path in _ink_paintings(folder)[0]]
    for number, name in enumerate(names):
        beside = company[3 * number : 3 * number + 3]
        for edit in EDITS:
            edited = apply_edit(edit, read_picture(folder / name), number, beside)
            yield Query(prefix + edit, edited, frozenset([name]))


def _ink_paintings(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return those that share collages, and those that are edited."""
    paths = sorted((folder / INK_PAINTINGS).rglob("*.jpg"))
    others = paths[COMPANY:]
    return paths[:COMPANY], others[:: len(others) // EDITED_INK_PAINTINGS][:EDITED_INK_PAINTINGS]


def read_picture(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def _row(name: str, answers: Sequence[Answer]) -> Row:
    right = [answer.right_inliers for answer in answers]
    wrong = [answer.wrong_inliers for answer in answers]
    return {
        "kind": name,
        "queries": len(answers),
        "rank 1": _share_found(answers),
        "inliers, median": float(np.median(right)),
        "inliers, least": min(right),
        "wrong work, median": float(np.median(wrong)),
        "wrong work, most": max(wrong),
        "CPU s a query": float(np.mean([answer.seconds for answer in answers])),
    }


def _share_found(answers: Sequence[Answer]) -> float:
    return float(np.mean([answer.found for answer in answers]))


def _kinds(answers: Sequence[Answer]) -> list[str]:
    return list(dict.fromkeys(answer.kind for answer in answers))


def _manifest(folder: Path) -> list[Mapping[str, Any]]:
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
