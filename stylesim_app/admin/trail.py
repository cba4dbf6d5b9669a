"""The audit trail in the admin: where each change came from, for those who may see all artworks."""

from __future__ import annotations

from typing import Any

from auditlog import get_logentry_model
from auditlog.admin import LogEntryAdmin
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ..collection import visibility
from ..views.audit import where
from ..work import audit


class AuditAdmin(LogEntryAdmin):  # type: ignore[misc]
    """The admin of django-auditlog, with the place of a change instead of a correlation ID."""

    list_display = [
        *(name for name in LogEntryAdmin.list_display if name != "cid_url"),
        "place",
    ]
    readonly_fields = [*LogEntryAdmin.readonly_fields, "place"]
    fieldsets = [
        (None, {"fields": ["created", "user_url", "resource_url", "place"]}),
        *LogEntryAdmin.fieldsets[1:],
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        entries: QuerySet[Any] = super().get_queryset(request)
        if visibility.sees_all(request):
            return entries
        # Entries name hidden and deleted works.
        return entries.exclude(pk__in=audit.entries_of_artworks().order_by().values("pk"))

    @admin.display(description=_("place"))
    def place(self, entry: Any) -> str:
        """Return the place that a change came from."""
        return where(entry) or self.get_empty_value_display()


def register(site: admin.AdminSite) -> None:
    """Replace the admin of django-auditlog, unless the host has one of its own."""
    model = get_logentry_model()
    if type(site._registry.get(model)) is LogEntryAdmin:
        site.unregister(model)
        site.register(model, AuditAdmin)
