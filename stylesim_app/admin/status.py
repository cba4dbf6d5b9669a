"""The page on the state of the index: workers, waiting works, failures, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..collection import visibility
from ..index import figures
from ..index.status import is_running
from ..models import IndexEntry, WorkerSign, WorkItem
from ..views import places
from ..work import audit, pause, queue, worklist
from .index import ReadOnlyAdmin

State = WorkItem.State


@dataclass(frozen=True)
class Question:
    """A change that a person confirms: what it does, and the words of its button."""

    text: str
    button: str


@dataclass(frozen=True)
class FailureRow:
    """The works that failed for one reason, which an example shows."""

    code: str
    reason: str
    detail: str
    count: int


@dataclass(frozen=True)
class WorkerRow:
    """A worker process; ``state`` is “silent” if it gave no sign of life for some minutes."""

    sign: WorkerSign
    state: str
    label: str
    seen: str


class IndexStatusAdmin(ReadOnlyAdmin):
    """The page on the state of the index; the list of pauses, one at most, gives it its place."""

    def has_view_permission(self, request: HttpRequest, _row: Any = None) -> bool:
        return bool(request.user.has_perm("stylesim_app.view_indexentry")) or (
            visibility.may_index(request.user)
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("", wrap(self.status_view), name="stylesim_app_indexingpause_changelist"),
            path("<slug:action>/", wrap(self.action_view), name="stylesim_app_index_action"),
        ]

    def status_view(self, request: HttpRequest) -> HttpResponse:
        """Show the state of the index, counted over the works that the person may see."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = figures.read_figures(visibility.visible_artworks(request))
        entries = self._entries_address()
        return self._render(
            request,
            "index_status.html",
            title=_("Index status"),
            figures=found,
            states=[
                (State(state), count, f"{entries}?state__exact={state}")
                for state, count in found.entries.items()
            ],
            searches=[(State(state), count) for state, count in found.searches.items() if count],
            oldest_waiting=timezone.now() - timedelta(seconds=found.oldest_waiting)
            if found.oldest_waiting
            else None,
            failures=_failure_rows(found),
            workers=[_worker_row(sign) for sign in found.workers],
            may_index=visibility.may_index(request.user),
            panels=places.status_panels(request),
        )

    def action_view(self, request: HttpRequest, action: str) -> HttpResponse:
        """Ask for confirmation, or do what was confirmed."""
        if not visibility.may_index(request.user):
            raise PermissionDenied
        question = self._question(request, action)
        if question is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(self._address())
        if "confirmed" not in request.POST:
            return self._render(
                request,
                "index_status_confirm.html",
                title=question.button,
                question=question,
                code=request.POST.get("code", ""),
                address=self._address(),
            )
        self.message_user(request, self._act(request, action), messages.SUCCESS)
        return HttpResponseRedirect(self._address())

    def _question(self, request: HttpRequest, action: str) -> Question | None:
        if action == "retry":
            count = self._failed(request).count()
            text = ngettext(
                "Index %(count)d failed work again?", "Index %(count)d failed works again?", count
            )
            return Question(text % {"count": count}, _("Retry"))
        return {
            "pause": Question(
                _(
                    "Pause indexing? Workers finish what they have begun, and new works wait. "
                    "Searches by image continue."
                ),
                _("Pause indexing"),
            ),
            "resume": Question(_("Resume indexing?"), _("Resume indexing")),
            "verify": Question(
                _("Check all stored files? A worker reads each of them, which takes a while."),
                _("Check stored files"),
            ),
        }.get(action)

    def _act(self, request: HttpRequest, action: str) -> str:
        if action == "retry":
            failed = self._failed(request)
            audit.record_asked_again(failed)
            count = worklist.request_again(failed)
            transaction.on_commit(queue.ring, robust=True)
            text = ngettext(
                "%(count)d work will be indexed again.",
                "%(count)d works will be indexed again.",
                count,
            )
            return text % {"count": count}
        if action == "pause":
            pause.begin(request.user.get_username())
            return _("Indexing is paused.")
        if action == "resume":
            pause.end()
            return _("Indexing has resumed.")
        queue.request_verification()
        return _("A worker will check all stored files.")

    def _failed(self, request: HttpRequest) -> Any:
        return IndexEntry.objects.order_by().filter(
            state=State.FAILED,
            error_code=request.POST.get("code", ""),
            artwork__in=visibility.visible_artworks(request).order_by().values("pk"),
        )

    def _render(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/stylesim_app/{template}",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                **context,
            },
        )

    def _address(self) -> str:
        return reverse(
            "admin:stylesim_app_indexingpause_changelist", current_app=self.admin_site.name
        )

    def _entries_address(self) -> str:
        return reverse("admin:stylesim_app_indexentry_changelist", current_app=self.admin_site.name)


def _failure_rows(found: figures.Figures) -> list[FailureRow]:
    examples = IndexEntry.objects.in_bulk([failure.example for failure in found.failures])
    return [
        FailureRow(failure.code, example.reason, example.detail, failure.count)
        for failure in found.failures
        if (example := examples.get(failure.example)) is not None
    ]


def _worker_row(sign: WorkerSign) -> WorkerRow:
    silence = timezone.now() - sign.seen_at
    recent = silence < timedelta(minutes=1)
    seen = _("just now") if recent else _("%(time)s ago") % {"time": timesince(sign.seen_at)}
    if sign.state != sign.State.ENDED and not is_running(sign):
        seen = _("less than a minute ago") if recent else seen
        return WorkerRow(sign, "silent", _("no longer seen"), seen)
    return WorkerRow(sign, sign.state, sign.get_state_display(), seen)
