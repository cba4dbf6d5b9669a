"""Show the state of the index, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError
from django.utils import formats
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from ...api.answers import IndexStatusSerializer
from ...index import storage
from ...index.calibration import MINIMUM_WORKS
from ...index.status import IndexStatus, host_notices, index_status
from ...models import IndexEntry, WorkItem
from ...work import trash
from ..output import failure_lines, json_text, table_lines

State = WorkItem.State


class Command(BaseCommand):
    help = "Show the state of the index, and what to do next."
    # It is what one turns to when a setting is wrong.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print JSON.")
        parser.add_argument(
            "--check",
            action="store_true",
            help="Exit with status 1 if works are waiting, but no worker is running, or if a "
            "storage cannot be used.",
        )

    def handle(self, *, check: bool, **options: Any) -> None:
        try:
            status = index_status(trash.works_outside())
            problems = storage.problems()
            trashed = trash.works().count()
        except (OperationalError, ProgrammingError) as error:
            reason = _("The database cannot be read (%(reason)s). Has migrate been run?")
            raise CommandError(reason % {"reason": error}) from error
        if options["json"]:
            shown = IndexStatusSerializer(status, context={"storage": problems}).data
            others = {"lists_missing": status.lists_missing, "trashed": trashed}
            self.stdout.write(json_text({**shown, **others}))
        else:
            self.stdout.writelines(f"{line}\n" for line in _lines(status, problems, trashed))
        if check and problems:
            raise CommandError(" ".join(problems))
        if check and status.states[State.PENDING] and not status.worker_alive:
            raise CommandError(_("Works are waiting, but no worker is running."))


def _lines(status: IndexStatus, problems: Sequence[str], trashed: int) -> Iterator[str]:
    made_by = status.provenance
    rows = [
        *((str(State(state).label), _number(count)) for state, count in status.states.items()),
        *([(_("in the trash"), _number(trashed))] if trashed else []),
        (
            _("network"),
            _("none yet")
            if made_by is None
            else f"{made_by.network} {made_by.weights}, {made_by.precision}, "
            f"{made_by.weights_sha256[:12]}",
        ),
        (
            _("calibration"),
            _("none yet")
            if status.calibrated_on is None
            else _("on %(count)s works") % {"count": _number(status.calibrated_on)},
        ),
        (
            _("lists of neighbours"),
            _("%(count)s to update") % {"count": _number(status.lists_missing)}
            if status.lists_missing
            else _("up to date"),
        ),
        (_("storage"), _("not available") if problems else _("available")),
        (
            _("worker last seen"),
            _("never")
            if status.worker_seen is None
            else _("%(time)s ago (%(moment)s)")
            % {
                "time": timesince(status.worker_seen, depth=1),
                "moment": formats.localize(localtime(status.worker_seen)),
            },
        ),
    ]
    yield from table_lines((_("works"), _number(status.visible)), rows)
    if status.states[State.FAILED]:
        yield ""
        failed = IndexEntry.objects.filter(state=State.FAILED)
        yield from failure_lines(failed.filter(artwork__in=trash.works_outside().values("pk")))
    if problems:
        yield ""
        yield from problems
    hints = [*host_notices(), *_hints(status)]
    if hints:
        yield ""
        yield from hints


def _hints(status: IndexStatus) -> Iterator[str]:
    if not status.visible:
        yield _("Import pictures with stylesim_import PATH.")
    if status.paused:
        yield _("Indexing is paused. Resume it on the page “Index status” of the admin.")
    if status.states[State.PENDING] and not status.worker_alive:
        yield _(
            "Works are waiting. Start a worker with qcluster, or index them now with "
            "stylesim_index."
        )
    if status.states[State.FAILED]:
        yield _("Fix the causes above, then try the failed works again: stylesim_index --failed.")
    if status.states[State.STALE]:
        yield _(
            "Some works were indexed with a different network. Update them: stylesim_index --stale."
        )
    if status.calibrated_on is None and status.indexed >= MINIMUM_WORKS:
        yield _("Calibrate distances for this collection: stylesim_calibrate.")


def _number(count: int) -> str:
    return formats.number_format(count, force_grouping=True)
