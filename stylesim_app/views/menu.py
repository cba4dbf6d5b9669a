"""The menu of the pages, to which wings add their own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ..collection import visibility
from .places import MenuItem, add_menu_item


def add_items() -> None:
    """Add the pages of the app itself."""
    add_menu_item(MenuItem(_("Gallery"), "stylesim:gallery", order=10))
    add_menu_item(MenuItem(_("Search by image"), "stylesim:search", order=20))
    add_menu_item(
        MenuItem(
            _("Upload"),
            "stylesim:upload",
            order=30,
            allowed=lambda request: visibility.may(request.user, "add"),
        )
    )
    add_menu_item(
        MenuItem(
            _("Sets"),
            "stylesim:sets",
            order=40,
            allowed=lambda request: request.user.is_authenticated,
        )
    )
    add_menu_item(
        MenuItem(
            _("Closest pairs"),
            "stylesim:pairs",
            order=50,
            allowed=lambda request: visibility.may(request.user, "view"),
        )
    )
