"""Folders and manifests to import, and the command itself."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from django.core.management import call_command

from tests import pictures


def write_pictures(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pictures.png(path.stem))
    return folder


def write_manifest(
    folder: Path, header: list[str], *rows: list[str], encoding: str = "utf-8", **options: Any
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "manifest.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, **options).writerows([header, *rows])
    return path


def run(path: Path, *options: str, **settings: object) -> None:
    call_command("stylesim_import", str(path), *options, **settings)
