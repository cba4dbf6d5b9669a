"""Upload of many files in the admin, by the form that the pages have too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.translation import gettext as _

from ..views.uploads import UploadPage

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin


class UploadMixin(BaseAdmin):
    """A page on which several pictures become works at once."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.upload_view)
        return [path("upload/", view, name=self._url_name("upload")), *super().get_urls()]

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form, or add a work for each file; each is entered in the history."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("Upload works"),
            "opts": self.opts,
        }
        page = UploadPage(
            template="admin/stylesim_app/upload.html",
            list_address=self._reverse("changelist"),
            address=lambda artwork: self._reverse("change", quote(artwork.pk)),
            added=lambda artwork: self._log_upload(request, artwork),
            context=context,
        )
        return page.respond(request)

    def _log_upload(self, request: HttpRequest, artwork: Any) -> None:
        self.log_addition(request, artwork, [{"added": {}}])

    if TYPE_CHECKING:

        def _url_name(self, page: str) -> str: ...

        def _reverse(self, page: str, *args: Any) -> str: ...
