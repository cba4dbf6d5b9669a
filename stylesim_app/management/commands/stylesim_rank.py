"""Rank the collection by its similarity to image files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ...api.answers import serialize_answer
from ...core.errors import CoreError
from ...exceptions import NotIndexed
from ...messages import localize_for_staff, system_reason, technical_detail
from ...ranking import lanes
from ...ranking.queries import FileQuery
from ...views.forms import CHOICES, WEIGHTS, RankingForm
from ..output import answer_lines, json_text

_OPTIONS = ("lane", *WEIGHTS, "region", "limit")


class Command(BaseCommand):
    help = "Find the indexed works most similar to image files, which are not kept."

    def add_arguments(self, parser: CommandParser) -> None:
        # Texts all, so that the form checks them and says what is wrong as everywhere else.
        parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="Image files.")
        names = ", ".join(lane.name for lane in lanes.registered())
        parser.add_argument("--lane", metavar="L", help=f"How to compare: {names}.")
        parser.add_argument("--region", metavar="X,Y,W,H", help="Part of the image to search for.")
        parser.add_argument("--limit", metavar="N", help="Number of results; default: 10.")
        parser.add_argument("--preset", metavar="P", help=f"One of {', '.join(CHOICES)}.")
        parser.add_argument("--style-weight", metavar="W", help="Replaces the preset's.")
        parser.add_argument("--content-weight", metavar="W", help="Replaces the preset's.")
        parser.add_argument("--layer-weights", metavar="W,W,W,W,W", help="For relu1_1 to relu5_1.")
        parser.add_argument("--json", action="store_true", help="Print JSON, as in the API.")

    def handle(self, *, images: Sequence[Path], **options: Any) -> None:
        form = _check_options(options)
        one = len(images) == 1
        failed = 0
        for image in images:
            try:
                lines = self._answer(image, form, options["json"], one)
                self.stdout.writelines(f"{line}\n" for line in lines)
            except CommandError as error:
                if one:
                    raise
                failed += 1
                self.stderr.write(f"{image}: {error}")
        if failed:
            raise CommandError(
                _("%(failed)d of %(total)d images could not be ranked; see the reasons above.")
                % {"failed": failed, "total": len(images)}
            )

    def _answer(self, image: Path, form: RankingForm, as_json: bool, one: bool) -> Iterable[str]:
        with _explained(image):
            answer = form.chosen_lane().of_file(FileQuery(image), form.options())
        if as_json:
            return [json_text(serialize_answer(answer, {}), indent=2 if one else None)]
        lines = answer_lines(answer)
        return lines if one else [f"{image.name}:", *lines, ""]


def _check_options(options: dict[str, Any]) -> RankingForm:
    form = RankingForm({name: options[name] for name in _OPTIONS if options[name] is not None})
    if form.is_valid():
        return form
    raise CommandError(
        "\n".join(
            str(error) if name == "__all__" else f"--{name.replace('_', '-')}: {error}"
            for name, errors in form.errors.items()
            for error in errors
        )
    )


@contextmanager
def _explained(image: Path) -> Iterator[None]:
    """Turn expected failures into CommandError."""
    try:
        yield
    except CoreError as error:
        raise CommandError(localize_for_staff(error)) from error
    except OSError as error:
        reason = system_reason(error) or technical_detail(error)
        raise CommandError(f"{image}: {reason}") from error
    except NotIndexed as error:
        raise CommandError(str(error)) from error
