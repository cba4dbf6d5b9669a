"""Run all tests on SQLite, and what asks the database on PostgreSQL too: ``python -m tests.both``.

The two run beside each other, since each waits for browsers and workers half of its time. What the
second prints comes after the first.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

#: What never asks the database, or brings one of its own.
ON_SQLITE_ALONE = (
    "unit",
    "training",
    "acceptance/test_demo.py",
    "acceptance/test_gallery_ranking.py",
    "acceptance/test_wheel.py",
    "database/pages/test_translation.py",
)
COVERAGE = ("--cov", "--cov-report=", "--cov-fail-under=0")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="stylesim-coverage-") as folder:
        sqlite_data, postgresql_data = Path(folder) / "sqlite", Path(folder) / "postgresql"
        output = Path(folder) / "output.txt"
        ignored = [f"--ignore=tests/{name}" for name in ON_SQLITE_ALONE]
        with output.open("wb") as file:
            on_postgresql = subprocess.Popen(
                [sys.executable, "-m", "tests.postgresql", "-q", "-rs", *COVERAGE, *ignored],
                env={**os.environ, "COVERAGE_FILE": str(postgresql_data)},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                failed = run("pytest", "-rs", *COVERAGE, data=sqlite_data)
            finally:
                failed_there = on_postgresql.wait()
        print("\nOn PostgreSQL:", output.read_text(), sep="\n", flush=True)
        data = Path(folder) / "both"
        run("coverage", "combine", "-q", str(sqlite_data), str(postgresql_data), data=data)
        uncovered = run("coverage", "report", data=data)
    return int(any((failed, failed_there, uncovered)))


def run(module: str, *arguments: str, data: Path) -> int:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, "COVERAGE_FILE": str(data)},
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
