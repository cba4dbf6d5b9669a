"""Measure which lane finds what in a collection of files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from tqdm import tqdm

from ...core.errors import CoreError
from ...evaluation import report
from ...evaluation.run import Plan, evaluate
from ...exceptions import EvaluationFailed
from ...messages import localize_for_staff, system_reason, technical_detail
from ...ranking import lanes
from ..output import table_lines


class Command(BaseCommand):
    help = "Measure which lane finds what in a collection of files; the database is left alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "sources",
            nargs="+",
            metavar="SOURCE",
            help="A folder of pictures, with or without a table that labels them, a CSV file of "
            "pairs, or a registered name such as `gallery`. Together they are the collection.",
        )
        parser.add_argument(
            "--output",
            type=Path,
            default=Path("evaluation"),
            metavar="FOLDER",
            help="The folder of the report, and of what an interrupted run goes on from; default: "
            "`evaluation`.",
        )
        parser.add_argument(
            "--distractors",
            type=Path,
            nargs="+",
            default=[],
            metavar="FOLDER",
            help="Folders of pictures that are in the collection, but not asked for.",
        )
        parser.add_argument(
            "--labels",
            default="",
            metavar="L,L",
            help="Columns that label pictures; default: artist,movement, as far as they are there.",
        )
        names = ", ".join(lane.name for lane in lanes.registered())
        parser.add_argument(
            "--lanes", nargs="+", default=[], metavar="L", help=f"Only these lanes of {names}."
        )
        parser.add_argument(
            "--edits",
            type=int,
            default=Plan.edits,
            metavar="N",
            help="Works whose edited copies are searched for; default: 23, 0 for none.",
        )
        parser.add_argument(
            "--company",
            type=Path,
            metavar="FOLDER",
            help="Pictures outside the collection that share collages with edited works; by "
            "default, works that are then left out of the collection.",
        )
        parser.add_argument(
            "--limit", type=int, metavar="N", help="Measure a random sample of N works."
        )

    def handle(self, *, output: Path, **options: Any) -> None:
        plan = Plan(
            sources=options["sources"],
            distractors=options["distractors"],
            company=options["company"],
            labels=[label.strip() for label in options["labels"].split(",") if label.strip()],
            lanes=options["lanes"],
            edits=max(0, options["edits"]),
            limit=options["limit"],
        )
        try:
            found = evaluate(plan, output, _track, self._report_problem)
            written = report.write(found, output)
        except CoreError as error:
            raise CommandError(localize_for_staff(error)) from error
        except EvaluationFailed as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            reason = system_reason(error) or technical_detail(error)
            raise CommandError(f"{error.filename}: {reason}") from error
        except KeyboardInterrupt as error:
            raise CommandError(
                _("Stopped. Run the command again with the same output folder to continue."),
                returncode=130,
            ) from error
        for line in table_lines(report.heads(), report.rows(found.measured)):
            self.stdout.write(line)
        for name, reason in found.not_measured.items():
            self.stdout.write(
                _("%(lane)s: not measured. %(reason)s") % {"lane": name, "reason": reason}
            )
        for path in written:
            self.stdout.write(str(path))
        if not report.has_matplotlib():
            self.stdout.write(
                _(
                    "No plot was drawn, because Matplotlib is not installed: pip install "
                    "'django-stylesim[plots]'."
                )
            )

    def _report_problem(self, name: str, reason: str) -> None:
        self.stderr.write(f"{name}: {reason}")


def _track(items: Iterable[Any], total: int, label: str) -> Iterable[Any]:
    """Show a bar on the terminal; nothing where the output is no terminal."""
    return tqdm(items, total=total, desc=label, disable=None, dynamic_ncols=True)
