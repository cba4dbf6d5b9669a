"""Rank the collection by its similarity to image files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from ...api.answers import FileAnswerSerializer, SamePicturesSerializer
from ...api.parameters import LANES
from ...core.distances import PRESETS
from ...core.errors import CoreError
from ...exceptions import NotIndexed
from ...index import same_picture
from ...messages import localize
from ...ranking import similar
from ...ranking.options import RankingOptions
from ...ranking.results import RankedAnswer
from ...ranking.same_picture import SamePictures, list_same_pictures_of_file
from ...views.forms import RankingForm
from ...work import pipeline
from ..output import json_text, ranking_lines, same_picture_lines

_OPTIONS = ("limit", "preset", "style_weight", "content_weight", "layer_weights")


class Command(BaseCommand):
    help = "Find the indexed works most similar to image files, which are not kept."

    def add_arguments(self, parser: CommandParser) -> None:
        # Texts all, so that the form checks them and says what is wrong as everywhere else.
        parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="Image files.")
        parser.add_argument("--lane", choices=LANES, default=LANES[0], help="How to compare.")
        parser.add_argument("--limit", metavar="N", help="Number of results; default: 10.")
        parser.add_argument("--preset", metavar="P", help=f"One of {', '.join(PRESETS)}.")
        parser.add_argument("--style-weight", metavar="W", help="Replaces the preset's.")
        parser.add_argument("--content-weight", metavar="W", help="Replaces the preset's.")
        parser.add_argument("--layer-weights", metavar="W,W,W,W,W", help="For relu1_1 to relu5_1.")
        parser.add_argument("--json", action="store_true", help="Print JSON, as in the API.")

    def handle(self, *, images: Sequence[Path], lane: str, **options: Any) -> None:
        ranking_options = _check_options(options)
        one = len(images) == 1
        failed = 0
        for image in images:
            try:
                lines = self._answer(image, lane, ranking_options, options["json"], one)
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

    def _answer(
        self, image: Path, lane: str, options: RankingOptions, as_json: bool, one: bool
    ) -> Iterable[str]:
        if lane == SamePictures.lane:
            found = _find_same_pictures(image, options.limit)
            shown, lines = SamePicturesSerializer(found).data, same_picture_lines(found)
        else:
            answer = _rank(image, options)
            shown, lines = FileAnswerSerializer(answer).data, ranking_lines(answer)
        if as_json:
            return [json_text(shown, indent=2 if one else None)]
        return lines if one else [f"{image.name}:", *lines, ""]


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
    with _explained(image):
        descriptor = pipeline.describe_file(image)
        return similar.find_similar_to_descriptor(image.name, descriptor, options)


def _find_same_pictures(image: Path, limit: int) -> SamePictures:
    with _explained(image):
        features = pipeline.read_features(image)
        found = list_same_pictures_of_file(image.name, same_picture.find(features))
        return replace(found, works=found.works[:limit])


@contextmanager
def _explained(image: Path) -> Iterator[None]:
    """Turn expected failures into CommandError."""
    try:
        yield
    except CoreError as error:
        raise CommandError(localize(error)) from error
    except OSError as error:
        raise CommandError(f"{image}: {error.strerror}") from error
    except NotIndexed as error:
        raise CommandError(str(error)) from error
