"""The parts of an installation that have to work, each with a check that takes little time."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from .status import running_workers, storage_problem

logger = logging.getLogger(__name__)


def failing() -> list[str]:
    """Return the names of the parts that do not work now; reasons are logged, never returned."""
    found = []
    for name, works in CHECKS.items():
        try:
            if works():
                continue
        except (DatabaseError, OSError) as error:
            logger.warning("%s: %s", name, error)
        found.append(name)
        if name == "database":
            # The others would each wait for it in vain.
            break
    return found


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


@cache
def _migrations_of_the_code() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.nodes)


def _migrations_are_applied() -> bool:
    applied = MigrationRecorder(connection).applied_migrations()
    return _migrations_of_the_code() <= set(applied)


def _storage_is_there() -> bool:
    problem = storage_problem()
    if problem:
        logger.warning("storage: %s", problem)
    return not problem


def _a_worker_runs() -> bool:
    return running_workers().exists()


#: The order is that of the answer.
CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database_answers,
    "migrations": _migrations_are_applied,
    "storage": _storage_is_there,
    "workers": _a_worker_runs,
}
