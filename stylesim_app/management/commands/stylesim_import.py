"""Import a folder of pictures, or what a manifest, spreadsheet or archive lists."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ...collection.adapter import adapter
from ...exceptions import ImportFailed
from ...importing import run
from ...importing.outcome import ImportedRow, RowState
from ...importing.report import Report
from ...importing.sources import open_source
from ...importing.sources.base import Source
from ...importing.sources.columns import parse_mapping
from ...messages import with_detail
from ..progress import Progress
from ..signals import Ended, ending_cleanly, ending_quietly


def parse_path(text: str) -> Path:
    """Return a path; an empty one would be the current folder. Raises ArgumentTypeError."""
    if not text.strip():
        raise ArgumentTypeError(_("Give the path of a folder or manifest."))
    return Path(text)


class Command(BaseCommand):
    help = (
        "Import a folder of pictures, or the works in a manifest (CSV or XLSX) or zip archive. "
        "Known files are skipped, so that a stopped import continues where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path",
            type=parse_path,
            help="A folder of pictures and subfolders, a CSV or XLSX manifest with a `file` "
            "column, or a zip archive of either.",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="Use a column of the manifest for a field, or for `file`. Repeat for each column.",
        )
        parser.add_argument(
            "--root",
            type=parse_path,
            metavar="FOLDER",
            help="The folder that the manifest's paths start from; default: the manifest's folder.",
        )
        parser.add_argument(
            "--encoding",
            default="",
            help="The encoding of a CSV manifest, such as gb18030; default: detected.",
        )
        visibility = parser.add_mutually_exclusive_group()
        visibility.add_argument(
            "--public",
            action="store_true",
            default=None,
            dest="is_public",
            help="Make works public unless the manifest says otherwise.",
        )
        visibility.add_argument(
            "--private",
            action="store_false",
            default=None,
            dest="is_public",
            help="Make works visible to staff only, unless the manifest says otherwise.",
        )
        parser.add_argument(
            "--update",
            action="store_true",
            help="Change works whose file is known to the non-empty cells of their row.",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Print what would happen to each row, and write nothing.",
        )
        parser.add_argument(
            "--report",
            type=parse_path,
            metavar="FILE",
            help="Write the outcome of each row to a .csv or .json file.",
        )

    def handle(self, *, path: Path, report: Path | None, **options: Any) -> None:
        self.counts: Counter[RowState] = Counter()
        self.dry_run: bool = options["dry_run"]
        with ending_quietly(), ending_cleanly(), ExitStack() as stack:
            try:
                mapping = parse_mapping(options["map"])
                source = open_source(path, mapping, options["root"], options["encoding"])
                reported = stack.enter_context(Report(report, path)) if report else None
                self._import(source, reported, options)
            except ImportFailed as error:
                raise CommandError(str(error)) from error
            except KeyboardInterrupt as error:
                self._summarize()
                raise CommandError(
                    _("Stopped. Imported works are kept; run the command again to continue."),
                    returncode=error.status if isinstance(error, Ended) else 130,
                ) from error
            self._conclude(reported, options["is_public"])

    def _import(self, source: Source, reported: Report | None, options: dict[str, Any]) -> None:
        for note in source.notes:
            self.stdout.write(note)
        if reported is not None:
            for skipped in source.skipped:
                reported.skip(skipped)
        label = _("Checking") if self.dry_run else _("Importing")
        with Progress(source.total, label, self.stdout.write) as progress:

            def on_row(imported: ImportedRow) -> None:
                self.counts[imported.state] += 1
                if reported is not None:
                    reported.add(imported)
                self._print(imported, progress)
                progress.update()

            run.import_works(
                source.rows(),
                is_public=options["is_public"],
                update=options["update"],
                dry_run=self.dry_run,
                on_row=on_row,
            )

    def _print(self, imported: ImportedRow, progress: Progress) -> None:
        """Print a row that failed or is a repetition, in a dry run every row."""
        if imported.state is RowState.FAILED:
            progress.clear()
            detail = "" if imported.expected else imported.detail
            self.stderr.write(with_detail(f"{imported.row.place}: {imported.reason}", detail))
        elif imported.reason or self.dry_run:
            progress.clear()
            text = imported.reason
            if self.dry_run and (not text or imported.state in _WRITTEN):
                text = ": ".join(filter(None, (_DRY[imported.state](), text)))
            self.stdout.write(f"{imported.row.place}: {text}")

    def _conclude(self, reported: Report | None, is_public: bool | None) -> None:
        self._summarize()
        added, failed = self.counts[RowState.ADDED], self.counts[RowState.FAILED]
        if added and is_public is None and adapter().field("is_public") is not None:
            self.stdout.write(
                _(
                    "Imported works are visible to staff only, unless the manifest or --public "
                    "makes them public."
                )
            )
        if failed:
            text = (
                _("%(failed)d of %(total)d cannot be imported; see the reasons above.")
                if self.dry_run
                else _("%(failed)d of %(total)d could not be imported; see the reasons above.")
            )
            raise CommandError(text % {"failed": failed, "total": self.counts.total()})
        if reported is not None and reported.failure:
            raise CommandError(
                _("The report %(path)s cannot be written: %(reason)s.")
                % {"path": reported.path, "reason": reported.failure}
            )

    def _summarize(self) -> None:
        counts = {state.value: self.counts[state] for state in RowState}
        if self.counts[RowState.UPDATED] or self.counts[RowState.UNCHANGED]:
            text = _(
                "%(added)d added, %(updated)d updated, %(unchanged)d unchanged, %(known)d already "
                "in the collection, %(failed)d failed."
            )
        else:
            text = _("%(added)d added, %(known)d already in the collection, %(failed)d failed.")
        if self.dry_run:
            text = _("Dry run, nothing was written: %(summary)s") % {"summary": text % counts}
            self.stdout.write(text)
        else:
            self.stdout.write(text % counts)


_WRITTEN = (RowState.ADDED, RowState.UPDATED)
_DRY = {
    RowState.ADDED: lambda: _("would be added"),
    RowState.KNOWN: lambda: _("already in the collection"),
    RowState.UPDATED: lambda: _("would be updated"),
    RowState.UNCHANGED: lambda: _("would stay unchanged"),
}
