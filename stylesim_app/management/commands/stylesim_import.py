"""Import a folder of pictures, or what a CSV manifest lists."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ...collection.adapter import adapter
from ...exceptions import ImportFailed
from ...importing import run
from ...importing.run import ImportedRow, RowState
from ...importing.sources import open_source
from ...importing.sources.columns import parse_mapping
from ..output import progress_bar


class Command(BaseCommand):
    help = "Import a folder of pictures, or what a CSV manifest lists; each file once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path",
            type=Path,
            help="A folder, searched with its subfolders, or a CSV manifest with a column `file`.",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=FIELD",
            help="Which field, or `file`, a column of the manifest fills. May be given repeatedly.",
        )
        parser.add_argument(
            "--root",
            type=Path,
            metavar="FOLDER",
            help="Where the manifest's paths start; its own folder unless given.",
        )
        visibility = parser.add_mutually_exclusive_group()
        visibility.add_argument(
            "--public",
            action="store_true",
            default=None,
            dest="is_public",
            help="Show to everybody each work of which the manifest does not say.",
        )
        visibility.add_argument(
            "--private",
            action="store_false",
            default=None,
            dest="is_public",
            help="Show to staff only each work of which the manifest does not say.",
        )

    def handle(self, *, path: Path, is_public: bool | None, **options: Any) -> None:
        counts: Counter[RowState] = Counter()
        try:
            mapping = parse_mapping(options["map"])
            source = open_source(path, mapping, options["root"])
            for note in source.notes:
                self.stdout.write(note)
            with progress_bar(source.total, _("Importing")) as bar:

                def report(imported: ImportedRow) -> None:
                    counts[imported.state] += 1
                    if imported.state is RowState.FAILED:
                        bar.clear()
                        self.stderr.write(f"{imported.row.place}: {imported.reason}")
                    bar.update()

                run.import_works(source.rows(), is_public=is_public, on_row=report)
        except ImportFailed as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt as error:
            self._summarize(counts)
            raise CommandError(
                _("Stopped. What was added stays; run the command again to go on."), returncode=130
            ) from error
        self._summarize(counts)
        if (
            counts[RowState.ADDED]
            and is_public is None
            and (adapter().field("is_public") is not None)
        ):
            self.stdout.write(
                _("Only staff may see them, unless the manifest says public or --public is given.")
            )
        if counts[RowState.FAILED]:
            raise CommandError(
                _("%(failed)d of %(total)d could not be imported; the reasons stand above.")
                % {"failed": counts[RowState.FAILED], "total": counts.total()}
            )

    def _summarize(self, counts: Counter[RowState]) -> None:
        self.stdout.write(
            _("%(added)d added, %(known)d known already, %(failed)d failed.")
            % {state.value: counts[state] for state in RowState}
        )
