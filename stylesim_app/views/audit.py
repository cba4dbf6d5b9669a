"""The audit trail: who makes a request, and the history on the admin record of an artwork."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..collection.adapter import adapter
from ..messages import join_words
from ..work import audit

#: Entries that are shown on a record.
SHOWN = 20
PLACES = {
    "page": _("on the site"),
    "admin": _("in the admin"),
    "api": _("by the API"),
}
#: The field that only the app's own model has.
TRASHED = "trashed_at"
EVENTS = {audit.ASKED_AGAIN: _("asked to index again")}
ACTIONS = {0: _("added"), 1: _("changed"), 2: _("deleted")}


class AuditMiddleware:
    """Names the caller of each request in the audit trail; list it after AuthenticationMiddleware.

    The caller is looked up when an entry is written, since the API authenticates in its views.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with audit.origin(lambda: (_actor(request), {"via": _place(request)})):
            return self.get_response(request)


@dataclass(frozen=True)
class Line:
    """An entry of the audit trail in words."""

    time: datetime
    what: str
    who: str
    where: str


def render_history(request: HttpRequest, artwork: Any) -> str:
    """Return the latest entries of an artwork, for those who may view the audit trail."""
    if not audit.is_installed() or not may_view(request.user):
        return ""
    lines = [to_line(entry) for entry in audit.entries_of(artwork)[:SHOWN]]
    if not lines:
        return ""
    return render_to_string("admin/stylesim_app/history.html", {"lines": lines}, request)


def may_view(user: Any) -> bool:
    """Return whether a person may know who changed what."""
    return bool(user.has_perm("auditlog.view_logentry"))


def to_line(entry: Any) -> Line:
    """Return an entry in words."""
    return Line(entry.timestamp, _what(entry), str(entry.actor or ""), where(entry))


def where(entry: Any) -> str:
    """Return the place that a change came from, or an empty string if it is not known."""
    known = entry.additional_data if isinstance(entry.additional_data, dict) else {}
    if command := known.get("command"):
        return gettext("by the command %(name)s") % {"name": command}
    return str(PLACES.get(known.get("via", ""), ""))


def _what(entry: Any) -> str:
    known = entry.additional_data if isinstance(entry.additional_data, dict) else {}
    if known.get("event") in EVENTS:
        return str(EVENTS[known["event"]])
    changes = entry.changes_dict
    public = adapter().field("is_public")
    words = str(ACTIONS.get(entry.action, ""))
    if entry.action != 1:
        return words
    said = []
    if public in changes:
        is_public = changes[public][1] == "True"
        said.append(gettext("made public") if is_public else gettext("hidden from the public"))
    if TRASHED in changes:
        is_restored = changes[TRASHED][1] == "None"
        said.append(
            gettext("restored from the trash") if is_restored else gettext("put in the trash")
        )
    labels = [_label(name) for name in changes if name not in (public, TRASHED)]
    if labels:
        said.append(f"{words}: {join_words(labels)}")
    return "; ".join(said)


def _label(name: str) -> str:
    try:
        return adapter().label(name)
    except LookupError:
        return name


def _actor(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    return user if isinstance(user, get_user_model()) and user.is_authenticated else None


def _place(request: HttpRequest) -> str:
    match = request.resolver_match
    names = [] if match is None else match.app_names
    if "stylesim-api" in names:
        return "api"
    return "admin" if "admin" in names else "page"
