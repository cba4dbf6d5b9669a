"""Check everything that is stored, and mend what can be mended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...exceptions import StorageUnavailable
from ...index import storage
from ...index.verify import STAGES
from ...models import IndexEntry, StorageFinding, WorkItem
from ...work import queue, trash, verification
from ...work.verification import Report
from ..output import json_text, progress_bar, table_lines

#: Findings that are listed one by one.
LISTED = 20
Kind = StorageFinding.Kind
UNFINISHED = (WorkItem.State.PENDING, WorkItem.State.FAILED)
KINDS = (Kind.MISSING, Kind.DAMAGED, Kind.EXCHANGED, Kind.INCOMPLETE)


class Command(BaseCommand):
    help = "Check every stored file and record, and mend what can be mended."
    # The check of the storage would keep one from adopting it.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print JSON.")
        parser.add_argument(
            "--repair",
            action="store_true",
            help="Index works with damaged files again, update wrong lists, and delete broken "
            "thumbnails, which are made again.",
        )
        parser.add_argument(
            "--orphans",
            action="store_true",
            help="Delete files that no record names, after STYLESIM_ORPHAN_GRACE_HOURS.",
        )
        parser.add_argument(
            "--adopt",
            action="store_true",
            help="Mark the storage as that of this installation, after its files were lost or "
            "restored.",
        )

    def handle(self, *, repair: bool, orphans: bool, adopt: bool, **options: Any) -> None:
        try:
            if adopt:
                storage.adopt()
            with progress_bar(verification.count(), _("Checking")) as bar:
                report = verification.run(
                    repair=repair, remove_orphans=orphans, on_progress=bar.update
                )
        except StorageUnavailable as error:
            raise CommandError(str(error)) from error
        if report.mended:
            queue.ring()
        if options["json"]:
            self.stdout.write(json_text(_to_json(report)))
        else:
            self.stdout.writelines(f"{line}\n" for line in _lines(report))
        if report.wrong:
            message = ngettext(
                "%(count)d problem was found and not mended.",
                "%(count)d problems were found and not mended.",
                report.wrong,
            )
            raise CommandError(message % {"count": report.wrong})


def _by_place(report: Report) -> Counter[tuple[str, str]]:
    return Counter((finding.place, finding.kind) for finding in report.findings)


def _count(state: WorkItem.State) -> int:
    """Return the number of works in a state, as stylesim_status counts them."""
    outside = trash.works_outside().values("pk")
    return IndexEntry.objects.filter(state=state, artwork__in=outside).count()


def _orphans(report: Report) -> int:
    return sum(finding.kind == Kind.ORPHAN for finding in report.findings)


def _to_json(report: Report) -> dict[str, Any]:
    found = _by_place(report)
    return {
        "places": {
            stage.place: {
                "checked": report.checked[stage.place],
                **{kind.value: found[stage.place, kind] for kind in KINDS},
                "mended": report.mended[stage.place],
            }
            for stage in STAGES
        },
        "orphans": {"found": _orphans(report), "removed": report.removed},
        "skipped": report.skipped,
        "entries": {state.value: _count(state) for state in UNFINISHED},
        "findings": [
            {"place": each.place, "kind": str(each.kind), "name": each.name, "reason": each.reason}
            for each in report.findings
        ],
        "wrong": report.wrong,
    }


def _lines(report: Report) -> Iterator[str]:
    found = _by_place(report)
    heads = (_("checked"), *(str(kind.label) for kind in KINDS), _("mended"), _("what"))
    rows = [
        (
            str(report.checked[stage.place]),
            *(str(found[stage.place, kind]) for kind in KINDS),
            str(report.mended[stage.place]),
            str(stage.label),
        )
        for stage in STAGES
    ]
    yield from table_lines(heads, rows, numbers=len(heads) - 1)
    yield ""
    yield _("%(found)d files without a record, %(removed)d of them deleted.") % {
        "found": _orphans(report),
        "removed": report.removed,
    }
    waiting, failed = (_count(state) for state in UNFINISHED)
    if waiting or failed:
        yield _(
            "Works without a descriptor to check: %(waiting)d waiting, %(failed)d failed. "
            "stylesim_status shows the reasons."
        ) % {"waiting": waiting, "failed": failed}
    if report.skipped:
        yield _("The pictures cannot be read. Check that their storage is mounted.")
    for finding in report.findings[:LISTED]:
        reason = _(finding.reason) if finding.reason else str(Kind(finding.kind).label)
        yield f"  {finding.place}  {finding.name}: {reason}"
    more = len(report.findings) - LISTED
    if more > 0:
        yield "  " + _("and %(count)d more") % {"count": more}
