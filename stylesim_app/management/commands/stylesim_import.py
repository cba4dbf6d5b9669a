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
from ...importing.outcome import ImportedRow, RowState
from ...importing.sources import open_source
from ...importing.sources.columns import parse_mapping
from ..output import progress_bar


class Command(BaseCommand):
    help = "Import a folder of pictures or the works in a CSV manifest. Known files are skipped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "path",
            type=Path,
            help="A folder of pictures and subfolders, or a CSV manifest with a `file` column.",
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
            type=Path,
            metavar="FOLDER",
            help="The folder that the manifest's paths start from; default: the manifest's folder.",
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
                _("Stopped. Imported works are kept; run the command again to continue."),
                returncode=130,
            ) from error
        self._summarize(counts)
        if (
            counts[RowState.ADDED]
            and is_public is None
            and (adapter().field("is_public") is not None)
        ):
            self.stdout.write(
                _(
                    "Imported works are visible to staff only, unless the manifest or --public "
                    "makes them public."
                )
            )
        if counts[RowState.FAILED]:
            raise CommandError(
                _("%(failed)d of %(total)d could not be imported; see the reasons above.")
                % {"failed": counts[RowState.FAILED], "total": counts.total()}
            )

    def _summarize(self, counts: Counter[RowState]) -> None:
        self.stdout.write(
            _("%(added)d added, %(known)d already in the collection, %(failed)d failed.")
            % {state.value: counts[state] for state in RowState}
        )
