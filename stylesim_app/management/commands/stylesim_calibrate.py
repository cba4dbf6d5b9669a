"""Measure what distances mean in this collection."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from ...exceptions import StylesimError
from ...index import upkeep
from ...work import process


class Command(BaseCommand):
    help = "Measure the distances of random pairs of works, to show how unusual a match is."

    def handle(self, **_options: Any) -> None:
        process.prepare()
        try:
            measured = upkeep.calibrate()
        except StylesimError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            _("Calibrated on %(sample)d of %(total)d indexed works.")
            % {"sample": measured.sample_size, "total": measured.collection_size}
        )
