"""Tokens in the admin: seen and revoked by administrators, and made by their owners alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from .models import ApiToken

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[ApiToken]
else:
    ModelAdmin = admin.ModelAdmin


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin):
    """The tokens of all persons, to read and to revoke."""

    list_display = ("name", "user", "allowed", "is_public", "created", "expiry")
    list_filter = ("is_public", "expiry")
    list_select_related = ("user",)
    search_fields = ("name", "user__username")
    fields = readonly_fields = (
        "name",
        "user",
        "allowed",
        "is_public",
        "origins",
        "created",
        "expiry",
    )

    class Media:
        css = {"all": ("stylesim_app/admin.css",)}

    @admin.display(description=_("scopes"))
    def allowed(self, token: ApiToken) -> str:
        return token.scope_names

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
