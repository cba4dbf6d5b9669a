"""System checks: each setting that can be wrong has an id and a hint."""

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
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, models

from .collection.adapter import adapter
from .collection.swapping import get_artwork_model
from .conf import conf
from .index import storage
from .stores import STORES
from .work import audit, process

#: Positive numbers, by the name of the setting and the property that reads it.
POSITIVE = {
    "STYLESIM_BATCH_SIZE": "batch_size",
    "STYLESIM_MAX_UPLOAD_MB": "max_upload_mb",
    "STYLESIM_MAX_PIXELS": "max_pixels",
    "STYLESIM_DECODER_SECONDS": "decoder_seconds",
    "STYLESIM_DECODER_MEMORY_MB": "decoder_memory_mb",
    "STYLESIM_MAX_RESULTS": "max_results",
    "STYLESIM_REFINE": "refine",
    "STYLESIM_MAX_ATTEMPTS": "max_attempts",
    "STYLESIM_LEASE_SECONDS": "lease_seconds",
    "STYLESIM_TASK_SECONDS": "task_seconds",
    "STYLESIM_SEARCH_LIFETIME_HOURS": "search_lifetime_hours",
    "STYLESIM_ORPHAN_GRACE_HOURS": "orphan_grace_hours",
    "STYLESIM_VERIFY_DAYS": "verify_days",
}
#: Rates, by the name of the setting and the property that reads it.
THROTTLES = {
    "STYLESIM_SEARCH_THROTTLE": "search_throttle",
    "STYLESIM_CUSTOM_WEIGHTS_THROTTLE": "custom_weights_throttle",
}
MAX_DAYS = 36_500
#: Numbers of days, zero included.
DAYS = {
    "STYLESIM_AUDIT_DAYS": "audit_days",
    "STYLESIM_KEEP_REMOVED_DAYS": "keep_removed_days",
    "STYLESIM_TRASH_DAYS": "trash_days",
    "STYLESIM_WEBHOOK_DAYS": "webhook_days",
}
#: Characters of a token that cannot be guessed.
SHORTEST_TOKEN = 20
DOWNLOADS = ("off", "thumbnail", "original")
PRECISIONS = ("auto", "bfloat16", "float32")


@register()
def check_artwork_model(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    try:
        model = get_artwork_model()
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint="Set STYLESIM_ARTWORK_MODEL to an installed model, as app_label.Model.",
                id="stylesim_app.E001",
            )
        ]
    name = conf.artwork_image_field
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        field = None
    if not isinstance(field, models.FileField):
        return [
            Error(
                f"STYLESIM_ARTWORK_IMAGE_FIELD is {name!r}, but {conf.artwork_model} has no image "
                "field with that name.",
                hint="Set it to the ImageField or FileField that holds the picture.",
                id="stylesim_app.E002",
            )
        ]
    if check_artwork_adapter(app_configs):
        return []
    if not (adapter().field("is_public") is not None) and not hasattr(
        settings, "STYLESIM_VISIBLE_ARTWORKS"
    ):
        return [
            checks.Warning(
                f"{conf.artwork_model} has no is_public field, so only staff can see artworks.",
                hint="Set STYLESIM_VISIBLE_ARTWORKS to a callable from request to queryset.",
                id="stylesim_app.W001",
            )
        ]
    return []


@register()
def check_artwork_adapter(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    try:
        adapter()
    except ImproperlyConfigured as error:
        return [
            Error(
                str(error),
                hint="Set it to the dotted path of a subclass of "
                "stylesim_app.collection.adapter.ArtworkAdapter.",
                id="stylesim_app.E011",
            )
        ]
    return []


@register()
def check_visibility_hook(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    try:
        hook = conf.visible_artworks
    except ImportError as error:
        reason = str(error)
    else:
        if callable(hook):
            return []
        reason = f"{hook!r} is not callable"
    return [
        Error(
            f"STYLESIM_VISIBLE_ARTWORKS cannot be used: {reason}.",
            hint="Set it to the dotted path of a callable from request to queryset.",
            id="stylesim_app.E003",
        )
    ]


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


#: Commands that start the site, or that help to mend the storage; they only warn of it.
STARTING = ("runserver", "qcluster", "migrate", "demo", "collectstatic", "shell")


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


def _has_database() -> bool:
    """Return whether there is a database to ask; opening one of SQLite would begin its file."""
    database = connections[DEFAULT_DB_ALIAS]
    name = str(database.settings_dict["NAME"])
    is_file = database.vendor == "sqlite" and "memory" not in name
    return not is_file or (Path(name).exists() and Path(name).stat().st_size > 0)


@register()
def check_weights(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    name = conf.weights
    if name in ("paintings", "imagenet"):
        return []
    path = Path(name)
    if path.suffix in (".safetensors", ".pth") and path.is_file():
        return []
    return [
        Error(
            f"STYLESIM_WEIGHTS is {name!r}, which is not a weights file.",
            hint="Use paintings, imagenet, or the path of a .safetensors or .pth file.",
            id="stylesim_app.E005",
        )
    ]


@register()
def check_numbers(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for name, attribute in POSITIVE.items():
        try:
            positive = getattr(conf, attribute) > 0
        except (TypeError, ValueError):
            positive = False
        if not positive:
            messages.append(
                Error(
                    f"{name} must be a number above zero, not {getattr(settings, name)!r}.",
                    hint="Remove it to use the default.",
                    id="stylesim_app.E006",
                )
            )
    return messages


@register()
def check_days(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for name, attribute in DAYS.items():
        try:
            usable = 0 <= getattr(conf, attribute) <= MAX_DAYS
        except (TypeError, ValueError):
            usable = False
        if not usable:
            messages.append(
                Error(
                    f"{name} must be a number of days from 0 to {MAX_DAYS:,}, not "
                    f"{getattr(settings, name)!r}.",
                    hint="Remove it to use the default.",
                    id="stylesim_app.E016",
                )
            )
    return messages


@register()
def check_watchdog(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    try:
        usable = conf.watchdog_seconds >= 0
    except (TypeError, ValueError):
        usable = False
    if usable:
        return []
    return [
        Error(
            "STYLESIM_WATCHDOG_SECONDS must be a number of seconds, or 0, not "
            f"{getattr(settings, 'STYLESIM_WATCHDOG_SECONDS', None)!r}.",
            hint="Remove it to use the default; 0 turns the watchdog off.",
            id="stylesim_app.E015",
        )
    ]


@register()
def check_metrics_token(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of a token that can be guessed."""
    if not conf.metrics_token or len(conf.metrics_token) >= SHORTEST_TOKEN:
        return []
    return [
        checks.Warning(
            f"STYLESIM_METRICS_TOKEN has fewer than {SHORTEST_TOKEN} characters.",
            hint="Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'.",
            id="stylesim_app.W009",
        )
    ]


@register()
def check_crop_borders(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    value = getattr(settings, "STYLESIM_CROP_BORDERS", True)
    if isinstance(value, bool):
        return []
    return [
        Error(
            f"STYLESIM_CROP_BORDERS must be True or False, not {value!r}.",
            hint="Remove it to leave uniform borders and colour charts out of the comparison.",
            id="stylesim_app.E014",
        )
    ]


@register()
def check_precision(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if conf.precision in PRECISIONS:
        return []
    return [
        Error(
            f"STYLESIM_PRECISION is {conf.precision!r}, which is not a precision.",
            hint=f"Use one of {', '.join(PRECISIONS)}.",
            id="stylesim_app.E007",
        )
    ]


@register()
def check_downloads(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if conf.downloads in DOWNLOADS:
        return []
    return [
        Error(
            f"STYLESIM_DOWNLOADS is {conf.downloads!r}, which visitors cannot be offered.",
            hint=f"Use one of {', '.join(DOWNLOADS)}.",
            id="stylesim_app.E025",
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
def check_throttles(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    from rest_framework.throttling import SimpleRateThrottle

    class Probe(SimpleRateThrottle):
        rate = "1/min"

    messages: list[CheckMessage] = []
    for name, attribute in THROTTLES.items():
        rate = getattr(conf, attribute)
        try:
            Probe().parse_rate(rate)
        except (ValueError, KeyError, IndexError):
            messages.append(
                Error(
                    f"{name} is {rate!r}, which is not a rate.",
                    hint="Use a rate of Django REST framework, for example 30/minute.",
                    id="stylesim_app.E008",
                )
            )
    return messages


@register()
def check_throttle_cache(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of limits that each process would count for itself, or not at all.

    While a site is developed it has one process.
    """
    name = conf.throttle_cache
    if name not in settings.CACHES:
        return [
            Error(
                f"STYLESIM_THROTTLE_CACHE is {name!r}, which CACHES does not have.",
                hint="Set it to an alias of CACHES.",
                id="stylesim_app.E013",
            )
        ]
    backend = str(settings.CACHES[name]["BACKEND"])
    if settings.DEBUG or not backend.endswith(("LocMemCache", "DummyCache")):
        return []
    return [
        checks.Warning(
            f"The cache {name!r} is not shared between processes, so limits on searches and "
            "passwords are higher than set, or not kept.",
            hint="Set STYLESIM_THROTTLE_CACHE to an alias of a cache in the database, Redis or "
            "Memcached.",
            id="stylesim_app.W008",
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


@register()
def check_queue(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of times that do not fit together.

    django-q2 delivers a message again after ``retry`` seconds, even if it is being worked on.
    """
    cluster = getattr(settings, "Q_CLUSTER", {})
    retry = cluster.get("retry", 60)
    timeout = cluster.get("timeout")
    messages: list[CheckMessage] = []
    if timeout is None or retry <= timeout:
        messages.append(
            checks.Warning(
                f"Q_CLUSTER has retry {retry} and timeout {timeout}. retry must be greater than "
                "timeout, or tasks that are still running are started again.",
                hint='For example Q_CLUSTER = {"timeout": 600, "retry": 720, ...}.',
                id="stylesim_app.W002",
            )
        )
    if timeout is not None and timeout <= conf.task_seconds:
        messages.append(
            checks.Warning(
                f"Q_CLUSTER has timeout {timeout}, which is too short for tasks of "
                f"STYLESIM_TASK_SECONDS ({conf.task_seconds:g}).",
                hint="Raise the timeout well above STYLESIM_TASK_SECONDS.",
                id="stylesim_app.W003",
            )
        )
    return messages


@register()
def check_worker(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse to start a worker that cannot index; web processes need neither package."""
    lacking = [
        name
        for name, found in (
            ("PyTorch", process.has_torch()),
            ("OpenCV", process.has_opencv()),
            ("psutil", process.has_psutil()),
        )
        if not found
    ]
    if "qcluster" not in sys.argv[1:2] or not lacking:
        return []
    return [
        Error(
            f"This worker cannot index pictures without {' and '.join(lacking)}.",
            hint="Install the worker packages: pip install 'django-stylesim[worker]'.",
            id="stylesim_app.E010",
        )
    ]


@register()
def check_audit(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of an audit trail that cannot name who made a request."""
    middleware = "stylesim_app.views.audit.AuditMiddleware"
    if not audit.is_installed() or middleware in settings.MIDDLEWARE:
        return []
    return [
        checks.Warning(
            "django-auditlog is installed, but its entries do not name who changed an artwork.",
            hint=f'Add "{middleware}" to MIDDLEWARE, after AuthenticationMiddleware.',
            id="stylesim_app.W010",
        )
    ]


@register()
def check_webhooks(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if conf.site_url and not conf.site_url.startswith(("https://", "http://")):
        messages.append(
            Error(
                f"STYLESIM_SITE_URL is {conf.site_url!r}, which is not the address of a site.",
                hint="Set it to the address of the site, such as https://works.example.org.",
                id="stylesim_app.E020",
            )
        )
    private = getattr(settings, "STYLESIM_WEBHOOKS_PRIVATE", False)
    if not isinstance(private, bool):
        messages.append(
            Error(
                f"STYLESIM_WEBHOOKS_PRIVATE must be True or False, not {private!r}.",
                hint="Remove it to post to public addresses only.",
                id="stylesim_app.E021",
            )
        )
    return messages
