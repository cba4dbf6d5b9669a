"""``python -m benchmarks [NAME ...] [--output FOLDER]``: run all benchmarks, or those named."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path

import django

from .report import report

#: Modules of this package, each with ``run() -> Result``.
BENCHMARKS = (
    *("extraction", "all_pairs", "search", "growth", "recall", "web"),
    *("same_picture", "same_picture_growth", "same_picture_false_alarms", "lanes", "vectors"),
    *("near_pairs", "surroundings"),
)
OUTPUT = Path(__file__).resolve().parents[1] / "docs" / "benchmarks"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FOLDER")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    for name in options.names or BENCHMARKS:
        report(import_module(f"{__package__}.{name}").run(), options.output)


if __name__ == "__main__":
    main()
