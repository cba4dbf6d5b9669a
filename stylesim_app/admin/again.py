"""The action “Index again” for artworks and index entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from ..collection import visibility
from ..collection.adapter import adapter
from ..models import IndexEntry
from ..work import audit, queue, worklist
from .states import with_picture

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin


class IndexAgainMixin(BaseAdmin):
    """The permission and the messages of the action “Index again”."""

    def has_index_permission(self, request: HttpRequest) -> bool:
        return visibility.may_index(request.user)

    def report_requested(self, request: HttpRequest, count: int) -> None:
        """Notify the workers, and report how many works are waiting."""
        if not count:
            self.message_user(
                request,
                gettext("None of the selected works has a picture to index."),
                messages.WARNING,
            )
            return
        transaction.on_commit(queue.ring, robust=True)
        self.message_user(
            request,
            ngettext(
                "%(count)d work will be indexed again.",
                "%(count)d works will be indexed again.",
                count,
            )
            % {"count": count},
            messages.SUCCESS,
        )


def request_artworks(artworks: QuerySet[Any]) -> int:
    """Request indexing of artworks, with or without an entry, and return how many are waiting."""
    artworks = with_picture(artworks.order_by())
    new = list(artworks.filter(stylesim_entry__isnull=True))
    entries = IndexEntry.objects.filter(artwork__in=artworks.values("pk"))
    audit.record_asked_again(entries)
    count = worklist.request_again(entries)
    return count + sum(
        worklist.request_new_picture(artwork.pk, str(adapter().image(artwork).name))
        for artwork in new
    )
