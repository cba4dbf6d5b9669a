"""Describe what waits, here and now, or have the workers do it."""

from __future__ import annotations

from typing import Any, Self

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from ...core.errors import WeightsError
from ...exceptions import StorageUnavailable
from ...messages import localize_for_staff
from ...work import foreground, pause
from ...work.foreground import Request
from ...work.queue import ring
from ..output import failure_lines, progress_bar


class Command(BaseCommand):
    help = "Index the works that are waiting, here or, with --queue, in the workers."

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        for request, text in (
            (Request.ALL, "Index all works again."),
            (Request.FAILED, "Try the failed works again."),
            (Request.STALE, "Update the works indexed with a different network."),
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
            help="Leave the indexing to the workers, and return at once.",
        )

    def handle(self, *, request: Request, queue: bool, **_options: Any) -> None:
        try:
            waiting = foreground.enter(request)
            if not waiting:
                with _LeftBar(_("Updating lists of neighbours")) as listing:
                    foreground.maintain(listing.show)
                self.stdout.write(_("No works are waiting."))
            elif queue:
                ring()
                queued = ngettext(
                    "%(count)d work queued. Check progress with stylesim_status.",
                    "%(count)d works queued. Check progress with stylesim_status.",
                    waiting,
                )
                self.stdout.write(queued % {"count": waiting})
            else:
                self._index(waiting)
        except WeightsError as error:
            raise CommandError(localize_for_staff(error)) from error
        except StorageUnavailable as error:
            raise CommandError(str(error)) from error

    def _index(self, waiting: int) -> None:
        if pause.is_paused():
            raise CommandError(
                _("Indexing is paused. Resume it on the page “Index status” of the admin.")
            )
        with (
            _LeftBar(_("Indexing")) as describing,
            _LeftBar(_("Updating lists of neighbours")) as listing,
        ):
            try:
                failed = foreground.index_waiting(describing.show, listing.show)
            except KeyboardInterrupt as error:
                count = foreground.count_waiting()
                stopped = ngettext(
                    "Stopped with %(count)d work waiting. Run the command again to continue.",
                    "Stopped with %(count)d works waiting. Run the command again to continue.",
                    count,
                )
                raise CommandError(stopped % {"count": count}, returncode=130) from error
        count = failed.count()
        self.stdout.write(
            _("%(indexed)d indexed, %(failed)d failed.")
            % {"indexed": max(waiting - count, 0), "failed": count}
        )
        if count:
            for line in failure_lines(failed):
                self.stderr.write(line)
            failures = ngettext(
                "%(count)d work could not be indexed; see the reason above.",
                "%(count)d works could not be indexed; see the reasons above.",
                count,
            )
            raise CommandError(failures % {"count": count})


class _LeftBar:
    """A bar that is told how many are left; it appears when it is told first."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.bar: tqdm[Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, left: int) -> None:
        if self.bar is None:
            self.bar = progress_bar(left, self.label)
        # Uploads may come in meanwhile.
        most = max(self.bar.total or 0, left)
        self.bar.total, self.bar.n = most, most - left
        self.bar.refresh()
