"""The sample gallery: every subject painted in every manner, and its manifest."""

from __future__ import annotations

import csv
import os
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from project.demo.canvas import Scene
from project.demo.manners import MANNERS, Manner
from project.demo.subjects import SUBJECTS, Subject

__all__ = ["MANNERS", "SUBJECTS", "Manner", "Subject", "file_name", "paint", "write_gallery"]

COLUMNS = ("file", "title", "artist", "year", "medium", "collection", "subject", "manner")
COLLECTION = "Sample gallery"
QUALITY = 92

Progress = Callable[[Iterable[str]], Iterable[str]]


def paint(subject: str, manner: str) -> Image.Image:
    """Paint the subject in the manner, RGB, the same on every run.

    Raises `KeyError` for a subject or manner that the gallery does not have.
    """
    seed = zlib.crc32(f"{subject}/{manner}".encode())
    return MANNERS[manner].paint(_scene(subject), np.random.default_rng(seed))


def write_gallery(folder: Path, progress: Progress = iter) -> Path:
    """Write every missing picture of the folder, then `manifest.csv`; return its path.

    Files are written atomically, so an interrupted run can simply be repeated. `progress` wraps the
    list of names still to be drawn and yields them, as `tqdm` does. Raises `OSError` if the folder
    cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [
        (subject, manner)
        for subject in SUBJECTS
        for manner in MANNERS
        if not (folder / file_name(subject, manner)).exists()
    ]
    if missing:
        _draw(folder, missing, progress)
    return _write_manifest(folder)


def file_name(subject: str, manner: str) -> str:
    """Return the name of a picture's file in the gallery's folder."""
    return f"{subject}-{manner}.jpg"


@lru_cache(maxsize=16)
def _scene(subject: str) -> Scene:
    return SUBJECTS[subject].compose()


def _draw(folder: Path, missing: list[tuple[str, str]], progress: Progress) -> None:
    workers = min(os.cpu_count() or 1, len(missing))
    # Spawned, not forked: the caller may hold threads and locks.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        drawn = {file_name(*pair): pool.submit(_write_picture, folder, *pair) for pair in missing}
        for name in progress(list(drawn)):
            drawn[name].result()
    finally:
        pool.shutdown(cancel_futures=True)


def _write_picture(folder: Path, subject: str, manner: str) -> None:
    path = folder / file_name(subject, manner)
    part = path.with_suffix(".part")
    paint(subject, manner).save(part, format="JPEG", quality=QUALITY)
    part.replace(path)


def _write_manifest(folder: Path) -> Path:
    path = folder / "manifest.csv"
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for subject, what in SUBJECTS.items():
            for manner, how in MANNERS.items():
                name = file_name(subject, manner)
                work = (what.title, how.artist, how.year, how.medium, COLLECTION)
                rows.writerow((name, *work, subject, manner))
    part.replace(path)
    return path
