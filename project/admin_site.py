"""The admin of the site: named as the site is, with the collection before all internals."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from stylesim_app.collection.swapping import get_artwork_model

#: Apps whose rows are written by the site itself.
INTERNAL = ("access", "auditlog", "axes", "django_q", "easy_thumbnails", "stylesim_app")


class SiteAdminConfig(AdminConfig):
    """Django's admin with the site below."""

    default_site = "project.admin_site.SiteAdmin"


class SiteAdmin(admin.AdminSite):
    """The admin, whose index lists artworks first and internals last, in a group of their own."""

    @property
    def site_header(self) -> str:  # type: ignore[override]
        return str(settings.SITE_NAME)

    @property
    def site_title(self) -> str:  # type: ignore[override]
        return str(settings.SITE_NAME)

    @property
    def index_title(self) -> str:  # type: ignore[override]
        return _("Administration")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the groups of the index; the page of one app lists its own models alone."""
        apps: list[Any] = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        model = get_artwork_model()
        works: list[Any] = []
        others: list[Any] = []
        internal: list[Any] = []
        for app in apps:
            found = [each for each in app["models"] if each["model"] is model]
            rest = [each for each in app["models"] if each["model"] is not model]
            works += [(app, each) for each in found]
            if app["app_label"] in INTERNAL:
                internal += rest
            elif rest:
                others.append({**app, "models": rest})
        groups = []
        for app, entry in works:
            links = [entry, *self._pairs_link(entry)]
            groups.append({**app, "name": _("Collection"), "models": links})
        groups += others
        if internal:
            groups.append(
                {
                    "name": _("Index and system"),
                    "app_label": "internals",
                    "app_url": reverse("admin:app_list", args=["stylesim_app"]),
                    "has_module_perms": True,
                    "models": sorted(internal, key=lambda each: str(each["name"])),
                }
            )
        return groups

    def _pairs_link(self, entry: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the entry that leads to the closest pairs, for those who may view artworks."""
        options = entry["model"]._meta
        if not entry["perms"].get("view") and not entry["perms"].get("change"):
            return []
        try:
            address = reverse(f"admin:{options.app_label}_{options.model_name}_pairs")
        except NoReverseMatch:
            return []
        return [
            {
                "model": entry["model"],
                "name": _("Closest pairs"),
                "object_name": "ClosestPairs",
                "perms": entry["perms"],
                "admin_url": address,
                "add_url": None,
                "view_only": True,
            }
        ]
