"""The sets that people keep, in the admin: listed, never changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..collection import visibility
from ..models import Selection
from ..selections import finding
from .index import ReadOnlyAdmin


class SelectionAdmin(ReadOnlyAdmin):
    """The admin of sets, for those with the permission to view them."""

    list_display = ("name", "owner", "works", "shared", "created", "modified")
    list_select_related = ("owner",)
    list_filter = ("modified",)
    fields = ("name", "note", "owner", "works", "shared", "created", "modified")
    search_fields = ("name", "note")
    ordering = ("-modified", "-pk")
    # Its page is for its owner and, if it is shared, for others.
    view_on_site = False

    def has_delete_permission(self, request: HttpRequest, row: Any = None) -> bool:
        # An account is deleted with its sets, and the admin asks for this permission then.
        return bool(request.user.has_perm("stylesim_app.delete_selection"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Selection]:
        rows: QuerySet[Selection] = super().get_queryset(request)
        return finding.with_counts(rows, visibility.visible_artworks(request))

    @admin.display(description=_("works"), ordering="works")
    def works(self, row: Any) -> int:
        """Return the number of works in a set that the reader may see."""
        return int(row.works)

    @admin.display(description=_("shared by link"), boolean=True)
    def shared(self, row: Selection) -> bool:
        """Return whether there is a link to a set."""
        return row.is_shared
