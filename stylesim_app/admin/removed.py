"""Removed pictures in the admin: originals that are kept for a time, to undo a mistake."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import files
from ..collection import visibility
from ..conf import conf
from ..models import RemovedPicture
from .index import ReadOnlyAdmin


class RemovedPictureAdmin(ReadOnlyAdmin):
    """The admin of kept originals, for those who may delete artworks and may see all of them."""

    list_display = ("__str__", "artwork_key", "removed_at", "deleted_on", "download")
    fields = ("title", "artwork_key", "image_name", "removed_at", "deleted_on", "download")
    search_fields = ("title", "artwork_key", "image_name")
    date_hierarchy = "removed_at"
    ordering = ("-removed_at", "-pk")

    def has_view_permission(self, request: HttpRequest, row: Any = None) -> bool:
        return (
            super().has_view_permission(request, row)
            and visibility.may(request.user, "delete")
            and visibility.sees_all(request)
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RemovedPicture]:
        rows: QuerySet[RemovedPicture] = super().get_queryset(request)
        return rows.filter(kept_at__isnull=False)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.original_view)
        name = "stylesim_app_removedpicture_original"
        return [path("<str:object_id>/original/", view, name=name), *super().get_urls()]

    def original_view(self, request: HttpRequest, object_id: str) -> FileResponse:
        """Return the original as a download, which can be uploaded again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        try:
            original = files.private_storage().open(row.kept_name, "rb")
        except FileNotFoundError as error:
            raise Http404 from error
        name = row.image_name.rpartition("/")[2]
        response = FileResponse(
            original, as_attachment=True, filename=name, content_type="application/octet-stream"
        )
        response["X-Content-Type-Options"] = "nosniff"
        return response

    @admin.display(description=_("kept until"), ordering="removed_at")
    def deleted_on(self, row: RemovedPicture) -> datetime:
        """Return the time from which on the original is deleted."""
        return row.removed_at + timedelta(days=conf.keep_removed_days)

    @admin.display(description=_("original"))
    def download(self, row: RemovedPicture) -> SafeString:
        """Return the link to the original."""
        address = reverse(
            "admin:stylesim_app_removedpicture_original",
            args=[row.pk],
            current_app=self.admin_site.name,
        )
        return format_html('<a href="{}">{}</a>', address, gettext("Download"))
