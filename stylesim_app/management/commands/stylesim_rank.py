"""Rank the collection by its likeness to an image file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ...api.answers import FileAnswerSerializer
from ...core.distances import PRESETS
from ...core.errors import CoreError
from ...exceptions import NotIndexed
from ...messages import localize
from ...ranking import similar
from ...ranking.options import RankingOptions
from ...ranking.results import RankedAnswer
from ...views.forms import RankingForm
from ...work import pipeline
from ..output import json_text, ranking_lines

_OPTIONS = ("limit", "preset", "style_weight", "content_weight", "layer_weights")


class Command(BaseCommand):
    help = "Find the indexed works most similar to an image file, which is not kept."

    def add_arguments(self, parser: CommandParser) -> None:
        # Texts all, so that the form checks them and says what is wrong as everywhere else.
        parser.add_argument("image", type=Path, help="An image file.")
        parser.add_argument("--limit", metavar="N", help="Number of results; default: 10.")
        parser.add_argument("--preset", metavar="P", help=f"One of {', '.join(PRESETS)}.")
        parser.add_argument("--style-weight", metavar="W", help="Replaces the preset's.")
        parser.add_argument("--content-weight", metavar="W", help="Replaces the preset's.")
        parser.add_argument("--layer-weights", metavar="W,W,W,W,W", help="For relu1_1 to relu5_1.")
        parser.add_argument("--json", action="store_true", help="Print JSON, as in the API.")

    def handle(self, *, image: Path, **options: Any) -> None:
        answer = _rank(image, _check_options(options))
        if options["json"]:
            self.stdout.write(json_text(FileAnswerSerializer(answer).data))
        elif answer.results:
            for line in ranking_lines(answer):
                self.stdout.write(line)
        else:
            self.stdout.write(_("No works are indexed yet. Check progress with stylesim_status."))


def _check_options(options: dict[str, Any]) -> RankingOptions:
    form = RankingForm({name: options[name] for name in _OPTIONS if options[name] is not None})
    if form.is_valid():
        return form.options()
    raise CommandError(
        "\n".join(
            str(error) if name == "__all__" else f"--{name.replace('_', '-')}: {error}"
            for name, errors in form.errors.items()
            for error in errors
        )
    )


def _rank(image: Path, options: RankingOptions) -> RankedAnswer:
    try:
        descriptor = pipeline.describe_file(image)
        return similar.find_similar_to_descriptor(image.name, descriptor, options)
    except CoreError as error:
        raise CommandError(localize(error)) from error
    except OSError as error:
        raise CommandError(f"{image}: {error.strerror}") from error
    except NotIndexed as error:
        raise CommandError(str(error)) from error
