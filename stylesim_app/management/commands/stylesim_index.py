"""Describe what waits, here and now, or have the workers do it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from stylesim_app import tasks
from stylesim_app.core.errors import WeightsError
from stylesim_app.management.output import failure_lines, progress_bar
from stylesim_app.messages import localize
from stylesim_app.services import foreground
from stylesim_app.services.foreground import Request


class Command(BaseCommand):
    help = "Describe the works that wait, in this process; with --queue, by the workers."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        for request, text in (
            (Request.ALL, "Describe every work again."),
            (Request.FAILED, "Try what failed once more."),
            (Request.STALE, "Describe what another network described."),
        ):
            which.add_argument(
                f"--{request.value}",
                action="store_const",
                const=request,
                default=Request.WAITING,
                dest="request",
                help=text,
            )
        parser.add_argument(
            "--queue",
            action="store_true",
            help="Only enter the works in the work list, and ring the workers.",
        )

    def handle(self, *, request: Request, queue: bool, **_options: Any) -> None:
        try:
            waiting = foreground.enter(request)
            if not waiting:
                self.stdout.write(_("Nothing waits."))
            elif queue:
                tasks.ring()
                self.stdout.write(
                    _("%(count)d works wait for a worker; stylesim_status tells how far they are.")
                    % {"count": waiting}
                )
            else:
                self._index(waiting)
        except WeightsError as error:
            raise CommandError(localize(error)) from error

    def _index(self, waiting: int) -> None:
        with progress_bar(waiting, _("Describing")) as bar:

            def show(left: int) -> None:
                # Uploads may come in meanwhile.
                most = max(bar.total or 0, left)
                bar.total, bar.n = most, int(most - left)
                bar.refresh()

            try:
                failed = foreground.index_waiting(show)
            except KeyboardInterrupt as error:
                raise CommandError(
                    _("Stopped; %(count)d works still wait. Run the command again to go on.")
                    % {"count": foreground.count_waiting()},
                    returncode=130,
                ) from error
        count = failed.count()
        self.stdout.write(
            _("%(indexed)d indexed, %(failed)d failed.")
            % {"indexed": max(waiting - count, 0), "failed": count}
        )
        if count:
            for line in failure_lines(failed):
                self.stderr.write(line)
            raise CommandError(
                _("%(count)d works could not be described; the reasons stand above.")
                % {"count": count}
            )
