"""Checks of storages, stores and the database."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections

from ..conf import conf
from ..index import storage
from ..stores import STORES

#: Commands that start the site, or that help to mend the storage; they only warn of it.
STARTING = ("runserver", "qcluster", "migrate", "demo", "collectstatic", "shell")


@register()
def check_storage(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if "stylesim" in settings.STORAGES:
        return []
    return [
        Error(
            'STORAGES has no alias "stylesim", where descriptors are kept.',
            hint="Add one that the web server does not serve, outside MEDIA_ROOT.",
            id="stylesim_app.E004",
        )
    ]


@register()
def check_storage_there(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse a private storage without the marker of this installation.

    A worker starts nevertheless, and waits.
    """
    if check_storage(app_configs) or not _has_database():
        return []
    try:
        problem = storage.problem_now()
    except DatabaseError:
        # Before the first migration, or while the database is down.
        return []
    if problem is None:
        return []
    kind = checks.Warning if sys.argv[1:2] and sys.argv[1] in STARTING else Error
    return [
        kind(
            str(problem),
            hint="Mount the storage, or correct STORAGES. Workers wait until then.",
            id="stylesim_app.E012",
        )
    ]


@register()
def check_store(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if conf.store not in STORES:
        reason, hint = "not a store", f"Use one of {', '.join(STORES)}."
    elif conf.store != "pgvector":
        return []
    elif connection.vendor != "postgresql":
        reason = f"not available on {connection.display_name}"
        hint = "Use PostgreSQL with the pgvector extension, or the embedded store."
    elif not apps.is_installed("stylesim_app.stores.pgvector"):
        reason = "an app that is not installed"
        hint = 'Add "stylesim_app.stores.pgvector" to INSTALLED_APPS, and migrate.'
    else:
        return []
    return [
        Error(
            f"STYLESIM_STORE is {conf.store!r}, which is {reason}.",
            hint=hint,
            id="stylesim_app.E009",
        )
    ]


@register()
def check_cache_dir(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of a folder where the embedded store cannot write its tables."""
    folder = conf.cache_dir.absolute()
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    if conf.store != "embedded" or (existing.is_dir() and os.access(existing, os.W_OK)):
        return []
    return [
        checks.Warning(
            f"STYLESIM_CACHE_DIR is {str(folder)!r}, where this process cannot write, so "
            "collections of 64 works or more cannot be searched.",
            hint="Set it to a folder on a local disk that web processes and workers can write to.",
            id="stylesim_app.W006",
        )
    ]


@register()
def check_database(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of SQLite transactions that fail at once if another process is writing."""
    database = settings.DATABASES["default"]
    options = database.get("OPTIONS", {})
    if not database["ENGINE"].endswith("sqlite3") or "transaction_mode" in options:
        return []
    return [
        checks.Warning(
            "Web processes and workers write to SQLite at the same time without waiting.",
            hint='Add "OPTIONS": {"timeout": 30, "transaction_mode": "IMMEDIATE"} to DATABASES.',
            id="stylesim_app.W004",
        )
    ]


@register()
def check_media(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of missing media settings.

    Without MEDIA_ROOT, Django stores uploads in the current directory of the process; without
    MEDIA_URL, it gives them URLs that lead nowhere.
    """
    backend: Any = settings.STORAGES.get("default", {})
    if "location" in backend.get("OPTIONS", {}) or "FileSystem" not in str(backend):
        return []
    messages: list[CheckMessage] = []
    if not settings.MEDIA_ROOT:
        messages.append(
            checks.Warning(
                "MEDIA_ROOT is empty, so uploads are stored in the working directory.",
                hint="Set MEDIA_ROOT to a folder.",
                id="stylesim_app.W005",
            )
        )
    # Django prepends the path of the site.
    if not settings.MEDIA_URL.strip("/"):
        messages.append(
            checks.Warning(
                "MEDIA_URL is empty, so original pictures have no address.",
                hint='Set MEDIA_URL to "media/", and include stylesim_app.views.pictures.original '
                'at "media/<path:path>".',
                id="stylesim_app.W007",
            )
        )
    return messages


def _has_database() -> bool:
    """Return whether there is a database to ask; opening one of SQLite would begin its file."""
    database = connections[DEFAULT_DB_ALIAS]
    name = str(database.settings_dict["NAME"])
    is_file = database.vendor == "sqlite" and "memory" not in name
    return not is_file or (Path(name).exists() and Path(name).stat().st_size > 0)
