"""The audit trail of artworks, kept by django-auditlog where that is installed.

Each change of an artwork is an entry with its actor. This module adds where it came from, and the
changes that send no signal. Without django-auditlog, it does nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import QuerySet
from django.db.models.signals import pre_save
from django.utils import timezone

from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..models import IndexEntry

ASKED_AGAIN = "asked to index again"
#: Entries that are written at once, and the number of artworks from which on one entry is written
#: for all of them.
CHUNK = 500
MANY = 1000
#: Entries that the schedule deletes at once.
LIMIT = 10_000

#: Who changes artworks in this context, and where, once that is asked.
Origin = Callable[[], tuple[Any, dict[str, Any]]]
_origin: ContextVar[Origin | None] = ContextVar("stylesim_audit_origin", default=None)
_registered: set[type[models.Model]] = set()


def is_installed() -> bool:
    """Return whether the host has installed django-auditlog."""
    return apps.is_installed("auditlog")


def connect() -> None:
    """Have django-auditlog record changes of artworks, unless the host has done so itself."""
    if not is_installed():
        return
    from auditlog.registry import auditlog

    artwork_model = get_artwork_model()
    for model in (each for each in apps.get_models() if issubclass(each, artwork_model)):
        if not auditlog.contains(model):
            auditlog.register(model, include_fields=_own_fields(model))
            _registered.add(model)
    pre_save.connect(_add_origin, sender=_entries().model, dispatch_uid="stylesim_app.audit")


@contextmanager
def origin(find: Origin) -> Iterator[None]:
    """Name the actor and the place of all changes in this context, found when there is one."""
    token = _origin.set(find)
    try:
        yield
    finally:
        _origin.reset(token)


def record_update(artworks: QuerySet[Any], **values: Any) -> int:
    """Update artworks like ``QuerySet.update``, which sends no signals, with an entry for each that
    changes; return the number of all."""
    if is_installed():
        for name, value in values.items():
            changed = artworks.exclude(**{name: value}).order_by()
            _record(changed, partial(_change, name, value))
    return artworks.update(**values)


def record_asked_again(entries: QuerySet[IndexEntry]) -> None:
    """Record that somebody asked to index these works again."""
    if not is_installed():
        return
    artworks = get_artwork_model()._base_manager.filter(
        pk__in=entries.order_by().values("artwork_id")
    )
    count = artworks.count()
    if count > MANY:
        entry = _new_entry(None, {}, ASKED_AGAIN)
        entry.object_repr = f"{count:,} {get_artwork_model()._meta.verbose_name_plural}"
        entry.save()
    else:
        _record(artworks, lambda _artwork: {}, ASKED_AGAIN)


def purge() -> None:
    """Delete entries older than ``STYLESIM_AUDIT_DAYS``, unless the host keeps its own trail."""
    if not (is_installed() and _registered and conf.audit_days):
        return
    oldest = timezone.now() - timedelta(days=conf.audit_days)
    old = _entries().filter(content_type=_content_type(), timestamp__lt=oldest)
    keys = list(old.order_by("pk").values_list("pk", flat=True)[:LIMIT])
    _entries().filter(pk__in=keys).delete()


def entries_of(artwork: models.Model) -> QuerySet[Any]:
    """Return the entries of an artwork, the latest first."""
    found: QuerySet[Any] = _entries().filter(
        content_type=_content_type(), object_pk=str(artwork.pk)
    )
    return found.select_related("actor").order_by("-timestamp", "-pk")


def entries_of_artworks() -> QuerySet[Any]:
    """Return the entries of all artworks."""
    found: QuerySet[Any] = _entries().filter(content_type=_content_type())
    return found


def _record(
    artworks: QuerySet[Any], changes: Callable[[Any], dict[str, list[str]]], event: str = ""
) -> None:
    rows = artworks.iterator(CHUNK)
    while chunk := [_new_entry(each, changes(each), event) for each in islice(rows, CHUNK)]:
        _entries().bulk_create(chunk)


def _change(name: str, value: Any, artwork: Any) -> dict[str, list[str]]:
    """Return the change of a field to a value, as django-auditlog writes it."""
    return {name: [str(getattr(artwork, name)), str(value)]}


def _new_entry(artwork: Any, changes: dict[str, list[str]], event: str) -> Any:
    """Return an entry of a change that sent no signal."""
    key = "" if artwork is None else artwork.pk
    entry = _entries().model(
        content_type=_content_type(),
        object_pk=str(key),
        object_id=key if isinstance(key, int) else None,
        object_repr="" if artwork is None else adapter().title(artwork),
        action=1,
        changes=changes,
        additional_data={"event": event} if event else {},
    )
    _add_origin(entry)
    return entry


def _add_origin(instance: Any, **_: Any) -> None:
    """Add the actor and the place to an entry of an artwork that has none yet."""
    added = instance.additional_data or {}
    if instance.content_type_id != _content_type().pk or not instance._state.adding:
        return
    if isinstance(added, dict) and "via" not in added:
        find = _origin.get() or _of_process
        actor, place = find()
        instance.actor = instance.actor or actor
        instance.additional_data = {**added, **place}


def _of_process() -> tuple[None, dict[str, Any]]:
    """Return the command that this process runs."""
    program, *arguments = sys.argv or [""]
    name = Path(program).name
    if name in ("manage.py", "django-admin", "__main__.py") and arguments:
        name = arguments[0]
    return None, {"via": "command", "command": name}


def _own_fields(model: type[models.Model]) -> list[str]:
    """Return the fields of the model without the time of the last change.

    By default, django-auditlog also looks at relations of other models to a new artwork, and so
    caches that it has no index entry.
    """
    fields = model._meta.concrete_fields
    return [field.name for field in fields if not getattr(field, "auto_now", False)]


def _entries() -> Any:
    from auditlog import get_logentry_model

    return get_logentry_model()._default_manager


def _content_type() -> Any:
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(get_artwork_model())
