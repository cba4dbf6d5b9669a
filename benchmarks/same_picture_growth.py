"""Growth of the same-picture search: 1,000, 10,000 and 100,000 works.

The works beyond the real ones are cut together from two pictures each, turned, enlarged and
cropped; their codes are moved to near ones, since features of different works are alike but never
equal. Only works that are not asked for are cut up.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stylesim_app.core.same_picture.compact import (
    ANGLE_STEPS,
    CODE_PARTS,
    SIZE_STEPS,
    CompactFeatures,
)
from stylesim_app.core.same_picture.detail import QUERY, WORK
from stylesim_app.core.same_picture.features import extract_features
from stylesim_app.core.same_picture.inverted_file import InvertedFile
from stylesim_app.core.same_picture.search import find_same_picture
from stylesim_app.core.same_picture.segments import Segment
from stylesim_app.core.same_picture.vocabulary import Vocabulary, load_vocabulary

from .report import Goal, Result, Row
from .same_picture import DEFAULT_DATA, edited_copies, list_collection, read_picture

SIZES = (1_000, 10_000, 100_000)
#: Works that are asked for, each in all ways.
ASKED = 5
SEGMENT_WORKS = 25_000
#: Share of the bytes of a code that are moved to one of the nearest entries.
MOVED, NEAREST = 0.6, 8
#: Room of a work in the file of compact features.
_ROOM = 15 + 24 * WORK.features


def run() -> Result:
    data = Path(os.environ.get("STYLESIM_BENCH_DATA", DEFAULT_DATA))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for size in SIZES:
            folder = Path(name) / str(size)
            build(folder, data, size)
            # A process of its own, since what it takes at most is what is measured.
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=context) as pool:
                rows.append(pool.submit(measure, folder, data, size).result())
    largest = rows[-1]
    return Result(
        name="same_picture_growth",
        description=f"Edited copies of {ASKED} works searched for among real and synthetic works.",
        figures=rows,
        goals=[
            Goal(
                "CPU s a query at 100,000 works",
                float(largest["CPU s a query"]),
                1.5,
                at_least=False,
            ),
            Goal("MB at 100,000 works", float(largest["MB, added"]), 1_000, at_least=False),
            Goal("rank 1 at 100,000 works", float(largest["rank 1"]), 0.99),
        ],
    )


def build(folder: Path, data: Path, size: int) -> None:
    """Write segments and a file of compact features, the works that are asked for first."""
    vocabulary = load_vocabulary()
    asked = _names_asked_for(data)
    names = list(dict.fromkeys([*asked, *list_collection(data)]))
    real = [
        vocabulary.encode(extract_features(read_picture(data / name)))
        for name in tqdm(names[:size], unit=" works")
    ]
    works = [*real, *synthetic_works(real[len(asked) :], size - len(real), vocabulary)]
    folder.mkdir()
    with (folder / "works").open("wb") as file:
        for work in works:
            file.write(work.to_bytes().ljust(_ROOM, b"\0"))
    for number, first in enumerate(range(0, size, SEGMENT_WORKS)):
        chosen = list(enumerate(works))[first : first + SEGMENT_WORKS]
        Segment.build(chosen, vocabulary).save(folder / f"segment{number}")


def measure(folder: Path, data: Path, size: int) -> Row:
    """Search for the edited copies in what ``build`` wrote, mapped into memory."""
    cv2.setNumThreads(1)
    idle = _megabytes("VmRSS")
    segments = [Segment.open(path) for path in sorted(folder.glob("segment*"))]
    inverted_file = InvertedFile(load_vocabulary(), segments)
    stored = (folder / "works").open("rb")

    def read(key: int) -> CompactFeatures:
        stored.seek(key * _ROOM)
        content = stored.read(_ROOM)
        count = int.from_bytes(content[5:7], "little")
        return CompactFeatures.from_bytes(content[: 15 + 24 * count])

    keys = {name: key for key, name in enumerate(_names_asked_for(data))}
    found, seconds, extracting = [], [], []
    for query in edited_copies(data, ASKED):
        start = time.process_time()
        features = extract_features(query.picture, QUERY)
        extracting.append(time.process_time() - start)
        answers = find_same_picture(features, inverted_file, read)
        seconds.append(time.process_time() - start)
        found.append(bool(answers) and answers[0].key in {keys[name] for name in query.right})
    start = time.process_time()
    inverted_file.add([(size, read(0))])
    return {
        "works": size,
        "queries": len(found),
        "rank 1": float(np.mean(found)),
        "CPU s a query": float(np.mean(seconds)),
        "of it features": float(np.mean(extracting)),
        "CPU s, slowest": float(np.max(seconds)),
        "CPU s to add features of one": time.process_time() - start,
        "MB, idle": idle,
        "MB, added": _megabytes("VmHWM") - idle,
        "MB of postings": sum(path.stat().st_size for path in folder.glob("segment*/*.npy")) / 1e6,
        "MB of features": size * _ROOM / 1e6,
    }


def _megabytes(name: str) -> float:
    """Return the memory that this process holds, VmRSS, or has held at most, VmHWM; Linux alone.

    ``getrusage`` would count that of the process which started it.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in lines if line.startswith(name))
    return int(line.split()[1]) / 1e3


def _names_asked_for(data: Path) -> list[str]:
    """Return the works that are edited, in their order."""
    return list(dict.fromkeys(name for query in edited_copies(data, ASKED) for name in query.right))


def synthetic_works(
    real: Sequence[CompactFeatures], count: int, vocabulary: Vocabulary
) -> Iterator[CompactFeatures]:
    """Yield works that are cut together from real ones; the same every time."""
    generator = np.random.default_rng(0)
    neighbours = _near_entries(vocabulary)
    for _ in tqdm(range(count), unit=" synthetic works"):
        first, second = generator.choice(len(real), 2, replace=False)
        half = WORK.features // 2
        parts = [_vary(real[at], half, neighbours, generator) for at in (first, second)]
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("points", "sizes", "angles", "words", "codes")
        }
        yield replace(parts[0], **columns)


def _vary(
    work: CompactFeatures,
    count: int,
    neighbours: NDArray[np.uint8],
    generator: np.random.Generator,
) -> CompactFeatures:
    chosen = generator.permutation(len(work))[:count]
    codes = work.codes[chosen]
    ranks = generator.integers(0, NEAREST, codes.shape)
    near = neighbours[np.arange(CODE_PARTS), codes, ranks]
    moved = generator.random(codes.shape) < MOVED
    turn = generator.integers(0, ANGLE_STEPS, dtype=np.uint8)
    growth = int(generator.integers(-SIZE_STEPS, SIZE_STEPS + 1))
    return replace(
        work,
        points=generator.permutation(work.points[chosen]),
        sizes=np.clip(work.sizes[chosen].astype(int) + growth, 0, 255).astype(np.uint8),
        angles=work.angles[chosen] + turn,
        words=work.words[chosen],
        codes=np.where(moved, near, codes),
    )


def _near_entries(vocabulary: Vocabulary) -> NDArray[np.uint8]:
    """Return the entries of the product quantiser nearest to each: ``(16, 256, NEAREST)``."""
    book = vocabulary.codebook
    squares = np.square(book[:, :, None] - book[:, None]).sum(axis=3)
    return np.argsort(squares, axis=2)[:, :, 1 : NEAREST + 1].astype(np.uint8)
