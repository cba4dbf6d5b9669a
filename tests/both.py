"""Run the tests on SQLite and PostgreSQL: ``python -m tests.both``, or with ``--all``.

SQLite runs all tests but two, two at a time. At the same time, PostgreSQL runs those that use the
database in a special way (the marker ``postgresql``); their output is printed afterwards. There,
coverage is measured of the stores alone, because it takes a third of the time.
``--all``, for a release, adds training and tests marked ``release``, and on PostgreSQL all that
read the database, and the artwork models of hosts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

EVERYDAY = {
    "sqlite": "not training and not release and not drills",
    "postgresql": "postgresql and not release",
}
ALL = {"sqlite": "", "postgresql": "postgresql or database or browser or drills or swapped"}
OPTIONS = ("-q", "-rs", "--durations=20", "--cov-report=", "--cov-fail-under=0")
#: Seconds after which a test that hangs fails, with the stacks of its threads; none of those that
#: run every day takes a tenth of it.
HANGS_AFTER = ("--timeout=600",)
#: Real workers are killed on PostgreSQL every day, and on SQLite before a release.
POSTGRESQL_ALONE = tuple(
    f"--deselect=tests/acceptance/test_worker.py::{name}"
    for name in (
        "test_a_killed_cluster_loses_nothing",
        "test_uploads_before_the_worker_starts_and_lost_messages_are_found",
    )
)
#: A file's tests stay together, for they share what the file makes, and files keep their order.
PARALLEL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
#: Each process has a core; more threads than cores only wait for each other.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main() -> int:
    is_all = "--all" in sys.argv[1:]
    chosen = ALL if is_all else EVERYDAY
    options = [*OPTIONS, *(["--cov=training"] if is_all else HANGS_AFTER)]
    with tempfile.TemporaryDirectory(prefix="stylesim-coverage-") as folder:
        sqlite_data, postgresql_data = Path(folder) / "sqlite", Path(folder) / "postgresql"
        output = Path(folder) / "output.txt"
        with output.open("wb") as file:
            on_postgresql = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tests.postgresql", *options),
                    *("--cov=stylesim_app.stores", "-m", chosen["postgresql"]),
                ],
                env=environment(postgresql_data),
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                left_out = () if is_all else POSTGRESQL_ALONE
                everything = ("--cov=stylesim_app", *PARALLEL, *left_out, "-m", chosen["sqlite"])
                failed = run("pytest", *options, *everything, data=sqlite_data)
            finally:
                failed_there = on_postgresql.wait()
        print("\nOn PostgreSQL:", output.read_text(), sep="\n", flush=True)
        data = Path(folder) / "both"
        run("coverage", "combine", "-q", str(sqlite_data), str(postgresql_data), data=data)
        uncovered = run("coverage", "report", data=data)
    return int(any((failed, failed_there, uncovered)))


def run(module: str, *arguments: str, data: Path) -> int:
    return subprocess.run(
        [sys.executable, "-m", module, *arguments], env=environment(data), check=False
    ).returncode


def environment(coverage_data: Path) -> dict[str, str]:
    return {**ONE_THREAD, **os.environ, "COVERAGE_FILE": str(coverage_data)}


if __name__ == "__main__":
    sys.exit(main())
