"""The rows that the admin lists before it deletes artworks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import NestedObjects, quote
from django.db import models, router
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from ..collection.swapping import get_artwork_model
from ..models import IndexEntry, SearchKeys, SelectionItem


class DeletedObjects(NestedObjects):
    """The rows that are deleted with artworks, without those of the index and of sets.

    Index entries lead to lists of neighbours, which name works that the person may not see; sets
    belong to other people.
    """

    def related_objects(
        self, related_model: type[models.Model], related_fields: Any, objs: Any
    ) -> Any:
        found = super().related_objects(related_model, related_fields, objs)
        return (
            found.none()
            if issubclass(related_model, (IndexEntry, SearchKeys, SelectionItem))
            else found
        )


def list_deleted(
    objs: Sequence[Any],
    request: HttpRequest,
    site: AdminSite,
    describe_artwork: Callable[[Any], str],
) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
    """Return what ``ModelAdmin.get_deleted_objects`` returns, without the rows of the index.

    Artworks are described by their pictures and titles.
    """
    if not len(objs):
        return [], {}, set(), []
    collector = DeletedObjects(using=router.db_for_write(type(objs[0])), origin=objs)
    collector.collect(objs)
    needed: set[str] = set()

    def describe(row: models.Model) -> str:
        options = row._meta
        if isinstance(row, get_artwork_model()) and site.is_registered(type(row)):
            if not site.get_model_admin(type(row)).has_delete_permission(request, row):
                needed.add(str(options.verbose_name))
            return describe_artwork(row)
        text = f"{capfirst(options.verbose_name)}: {row}"
        if not site.is_registered(type(row)):
            return text
        if not site.get_model_admin(type(row)).has_delete_permission(request, row):
            needed.add(str(options.verbose_name))
        try:
            address = reverse(
                f"{site.name}:{options.app_label}_{options.model_name}_change",
                args=(quote(row.pk),),
            )
        except NoReverseMatch:
            return text
        return format_html('{}: <a href="{}">{}</a>', capfirst(options.verbose_name), address, row)

    shown = collector.nested(describe)
    counts = {
        str(model._meta.verbose_name_plural): len(rows)  # type: ignore[attr-defined]
        for model, rows in collector.model_objs.items()
    }
    return shown, counts, needed, [describe(row) for row in collector.protected]
