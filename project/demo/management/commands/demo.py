"""The complete path on one machine: a collection, a worker, a ranking, and the site."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils.translation import gettext as _
from tqdm import tqdm

from project.demo import children, collection
from project.demo.children import Child, ChildFailed
from stylesim_app.collection.adapter import adapter
from stylesim_app.exceptions import ImportFailed
from stylesim_app.importing.outcome import ImportedRow, RowState
from stylesim_app.management.output import failure_lines, progress_bar, ranking_lines
from stylesim_app.models import IndexEntry, WorkItem
from stylesim_app.work import foreground

PORT = 8000
_POLL_SECONDS = 0.3
_WATCH_SECONDS = 2.0
_ANSWER_SECONDS = 60.0


class Command(BaseCommand):
    help = "Run the app with a sample gallery, or with your own pictures."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--images",
            type=Path,
            metavar="PATH",
            help="A folder of pictures or a CSV manifest to use instead of the sample gallery.",
        )
        parser.add_argument("--port", type=int, help=f"Default: {PORT}, or the next free port.")
        parser.add_argument(
            "--no-serve",
            action="store_false",
            dest="serve",
            help="Index and rank only; do not start the web server.",
        )

    def handle(
        self, *, images: Path | None, port: int | None, serve: bool, **_options: Any
    ) -> None:
        # SIGINT too: Python ignores it if a shell starts the command in the background.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        try:
            with ExitStack() as stack:
                self._show(stack, images, _choose_port(port) if serve else None)
        except KeyboardInterrupt:
            self.stdout.write(_("Stopped. Everything is kept for the next run."))
        except (ImportFailed, ChildFailed) as error:
            raise CommandError(str(error)) from error

    def _show(self, stack: ExitStack, images: Path | None, port: int | None) -> None:
        call_command("migrate", verbosity=0)
        password = collection.ensure_admin()
        self._import(images)
        collection.release_leases()
        stack.callback(collection.release_leases)
        worker = children.start_worker()
        stack.callback(worker.stop)
        self._wait(worker)
        collection.calibrate_on_all()
        path = self._rank()
        if port is None:
            return
        server = children.start_server(port)
        stack.callback(server.stop)
        self._say_where(f"http://127.0.0.1:{port}", path, password, server)
        while True:
            time.sleep(_WATCH_SECONDS)
            self._keep_working(worker)
            if not server.alive:
                server.restart()

    def _import(self, images: Path | None) -> None:
        if images is None:
            self._announce(_("Drawing the sample gallery"))
        path = images.expanduser() if images else collection.draw_gallery(_draw_with_bar)
        counts: Counter[RowState] = Counter()
        with progress_bar(0, _("Importing")) as bar:

            def report(total: int, imported: ImportedRow) -> None:
                bar.total = total
                counts[imported.state] += 1
                if imported.state is RowState.FAILED:
                    bar.clear()
                    self.stderr.write(f"{imported.row.place}: {imported.reason}")
                bar.update()

            notes = collection.import_public(path, report)
        for note in notes:
            self.stdout.write(note)
        self.stdout.write(
            _("%(added)d added, %(known)d already in the collection, %(failed)d failed.")
            % {state.value: counts[state] for state in RowState}
        )

    def _wait(self, worker: Child) -> None:
        """Wait until the worker has indexed everything."""
        self._announce(_("Indexing"))
        left = foreground.count_waiting()
        with progress_bar(left, _("Indexing")) as bar:
            while left:
                time.sleep(_POLL_SECONDS)
                self._keep_working(worker)
                left = foreground.count_waiting()
                bar.total = max(bar.total or 0, left)
                bar.n = int(bar.total - left)
                bar.refresh()
        failed = IndexEntry.objects.filter(state=WorkItem.State.FAILED)
        if failed.exists():
            self.stderr.write(_("Not indexed:"))
            for line in failure_lines(failed):
                self.stderr.write(line)

    def _announce(self, step: str) -> None:
        """Announce a step that has no progress bar."""
        if not sys.stderr.isatty():
            self.stdout.write(f"{step} ...")
            self.stdout.flush()

    def _keep_working(self, worker: Child) -> None:
        if collection.keep_working(worker):
            self.stderr.write(_("The worker stopped and was restarted."))

    def _rank(self) -> str:
        """Print the ranked works for the first one, and return the path of its page."""
        answer = collection.rank_first_work()
        if answer is None:
            self.stdout.write(_("No works are indexed, so there are no similar works to show."))
            return reverse("stylesim:gallery")
        self.stdout.write(
            "\n"
            + _("Works most similar to “%(title)s”:") % {"title": adapter().title(answer.query)}
        )
        for line in ranking_lines(answer):
            self.stdout.write(line)
        return reverse("stylesim:artwork", args=[answer.query.pk])

    def _say_where(self, site: str, path: str, password: str | None, server: Child) -> None:
        page = site + path
        _wait_for_answer(page, server)
        lines = (
            ("", ""),
            (_("This work and similar works"), page),
            (_("All works"), site + reverse("stylesim:gallery")),
            (_("Admin"), site + reverse("admin:index")),
            (_("API and its documentation"), site + reverse("stylesim-api:docs")),
            (_("Account"), collection.ADMIN),
            (_("Password"), password or _("the one you set")),
            ("", ""),
        )
        for label, value in lines:
            self.stdout.write(f"{label}: {value}" if label else "")
        self.stdout.write(_("Press Ctrl-C to stop the demo."))
        self.stdout.flush()


def _choose_port(wanted: int | None) -> int:
    port = children.find_port(PORT if wanted is None else wanted, others=wanted is None)
    if port is not None:
        return port
    if wanted is None:
        raise CommandError(
            _("No free port found from %(port)d. Choose one with --port.") % {"port": PORT}
        )
    raise CommandError(
        _("Port %(port)d is not available. Choose another with --port.") % {"port": wanted}
    )


def _draw_with_bar(names: Iterable[str]) -> Iterable[str]:
    return tqdm(names, desc=_("Drawing the sample gallery"), disable=None, dynamic_ncols=True)


def _wait_for_answer(page: str, server: Child) -> None:
    """Wait until the server shows a page. Raises ChildFailed if it does not."""
    this_machine = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + _ANSWER_SECONDS
    while server.alive and time.monotonic() < deadline:
        try:
            with this_machine.open(page, timeout=_ANSWER_SECONDS):
                return
        except HTTPError:
            break
        except OSError:
            time.sleep(_POLL_SECONDS)
    raise ChildFailed(
        _("The web server could not show %(page)s; see %(log)s.")
        % {"page": page, "log": server.log}
    )
