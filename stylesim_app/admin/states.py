"""Index states of artworks as shown and filtered in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import Field, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..collection.adapter import adapter
from ..conf import conf
from ..index import storage
from ..index.status import host_notices, index_status
from ..messages import surroundings_words, translate_notes, waits_again_words
from ..models import IndexEntry, WorkItem
from ..work.signs import is_holder_gone

REASON_LENGTH = 160
State = WorkItem.State


class IndexStateFilter(admin.SimpleListFilter):
    """A filter by index state; an artwork without an entry counts as pending."""

    title = _("index state")
    parameter_name = "index_state"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        return State.choices

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value()
        if state is None:
            return queryset
        if state != State.PENDING:
            return queryset.filter(stylesim_entry__state=state)
        waiting = Q(stylesim_entry__state=state) | Q(stylesim_entry__isnull=True)
        return with_picture(queryset.filter(waiting))


class FewValuesFilter(admin.AllValuesFieldListFilter):
    """A filter that lists all values of a field if they are few; a search finds the others."""

    MAX_VALUES = 100

    def has_output(self) -> bool:
        return 1 < len(self.lookup_choices) <= self.MAX_VALUES

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Return the values with a text for each link, also for works without a value."""
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or gettext("(empty)")}


def with_picture(artworks: QuerySet[Any]) -> QuerySet[Any]:
    """Return the artworks that have a picture to index."""
    name = conf.artwork_image_field
    return artworks.exclude(**{name: ""}).exclude(**{f"{name}__isnull": True})


def entry_of(artwork: Any) -> IndexEntry | None:
    """Return the index entry, or None until the artwork is entered in the work list."""
    entry: IndexEntry | None = getattr(artwork, "stylesim_entry", None)
    return entry


def badge(item: WorkItem | None) -> SafeString:
    """Return the state as a coloured word, followed by the reason if there is one."""
    state = State.PENDING if item is None else State(item.state)
    word = format_html(
        '<span class="stylesim-state stylesim-{}">{}</span>', state.value, state.label
    )
    reason = "" if item is None else item.reason
    if not reason:
        return word
    return format_html(
        '{} <span class="stylesim-reason" title="{}">{}</span>',
        word,
        reason,
        Truncator(reason).chars(REASON_LENGTH),
    )


def artwork_badge(artwork: Any) -> SafeString:
    """Return the state of an artwork, which may lack an entry or a picture, as a coloured word."""
    if not adapter().image(artwork):
        return format_html('<span class="stylesim-state">{}</span>', gettext("no picture"))
    return badge(entry_of(artwork))


def is_waiting(artwork: Any) -> bool:
    """Return whether a worker is still to index the picture of an artwork."""
    entry = entry_of(artwork)
    return bool(adapter().image(artwork)) and (entry is None or entry.state == State.PENDING)


def index_facts(artwork: Any) -> list[tuple[str, Any]]:
    """Return ``(label, value)`` of all that is known about the index entry of an artwork."""
    facts: list[tuple[str, Any]] = [(_label("state"), artwork_badge(artwork))]
    entry = entry_of(artwork)
    if entry is None:
        return facts
    if is_holder_gone(entry):
        facts.append((gettext("Meaning"), waits_again_words(entry.due_at)))
    if entry.state == State.STALE:
        facts.append(
            (
                gettext("Meaning"),
                gettext("Indexed with a different network. Index it again to update it."),
            )
        )
    names = ["attempts", "requested_at"]
    if entry.state != State.PENDING:
        # While it waits, they may be those of another picture.
        names += ["indexed_at", "image_sha256"]
    if entry.detail:
        facts.append((gettext("Technical detail"), entry.detail))
    facts += [(_label(name), value) for name in names if (value := getattr(entry, name))]
    if words := surroundings_words(entry.cut_kind):
        facts.append((_label("cut_kind"), words))
    if notes := translate_notes(entry.notes):
        facts.append((_label("notes"), notes))
    return facts


def notices(artworks: QuerySet[Any]) -> list[str]:
    """Return advice for the operator about the index of these artworks."""
    status = index_status(artworks)
    found = [*storage.problems(), *host_notices()]
    if status.paused:
        found.append(gettext("Indexing is paused."))
    waiting = status.states[State.PENDING]
    if waiting and not status.worker_alive:
        found.append(
            ngettext(
                "%(count)d work is waiting to be indexed, but no worker is running. Start one "
                "with: python manage.py qcluster",
                "%(count)d works are waiting to be indexed, but no worker is running. Start one "
                "with: python manage.py qcluster",
                waiting,
            )
            % {"count": waiting}
        )
    if stale := status.states[State.STALE]:
        found.append(
            ngettext(
                "%(count)d work was indexed with a different network. Update it with: python "
                "manage.py stylesim_index --stale",
                "%(count)d works were indexed with a different network. Update them with: python "
                "manage.py stylesim_index --stale",
                stale,
            )
            % {"count": stale}
        )
    return found


def _label(name: str) -> str:
    field = IndexEntry._meta.get_field(name)
    label = str(field.verbose_name) if isinstance(field, Field) else name
    return label[:1].upper() + label[1:]
