"""The complete path on one machine: a collection, a worker, a ranking, and the site."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils.translation import gettext as _

from project.demo import children, collection, opening
from project.demo.children import Child, ChildFailed
from stylesim_app.collection.adapter import adapter
from stylesim_app.exceptions import ImportFailed
from stylesim_app.importing.outcome import ImportedRow, RowState
from stylesim_app.management.output import failure_lines, ranking_lines
from stylesim_app.management.progress import Progress
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
        # The worker and the server have logs of their own; a log here would cut through the text.
        logging.getLogger("stylesim_app").setLevel(logging.ERROR)
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
        site = "" if port is None else f"http://127.0.0.1:{port}"
        worker = children.start_worker(site)
        stack.callback(worker.stop)
        self._wait(worker)
        collection.calibrate_on_all()
        path = self._rank()
        if port is None:
            return
        server = children.start_server(port, site)
        stack.callback(server.stop)
        self._say_where(site, path, password, server)
        while True:
            time.sleep(_WATCH_SECONDS)
            self._keep_working(worker)
            if not server.alive:
                server.restart()

    def _import(self, images: Path | None) -> None:
        if images is None:
            if collection.has_gallery():
                return
            self._announce(_("Drawing the sample gallery"))
        path = images.expanduser() if images else collection.draw_gallery(self._draw)
        counts: Counter[RowState] = Counter()
        with Progress(0, _("Importing"), self._write_line) as shown:

            def report(total: int, imported: ImportedRow) -> None:
                counts[imported.state] += 1
                if imported.state is RowState.FAILED:
                    shown.clear()
                    self.stderr.write(f"{imported.row.place}: {imported.reason}")
                shown.reach(counts.total(), total)

            notes = collection.import_public(path, report)
        for note in notes:
            self.stdout.write(note)
        self.stdout.write(
            _("%(added)d added, %(known)d already in the collection, %(failed)d failed.")
            % {state.value: counts[state] for state in RowState}
        )
        if images is None and not counts[RowState.FAILED]:
            collection.keep_gallery()

    def _wait(self, worker: Child) -> None:
        """Wait until the worker has indexed everything."""
        self._announce(_("Indexing"))
        self._name(worker)
        left = total = foreground.count_waiting()
        with Progress(total, _("Indexing"), self._write_line) as shown:
            while left:
                time.sleep(_POLL_SECONDS)
                self._keep_working(worker)
                left = foreground.count_waiting()
                total = max(total, left)
                shown.reach(total - left, total)
        failed = IndexEntry.objects.filter(state=WorkItem.State.FAILED)
        if failed.exists():
            self.stderr.write(_("Not indexed:"))
            for line in failure_lines(failed):
                self.stderr.write(line)

    def _announce(self, step: str) -> None:
        """Announce a step that has no progress bar."""
        if not sys.stderr.isatty():
            self._write_line(f"{step} ...")

    def _write_line(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _draw(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the names of pictures that are drawn, and show how many are."""
        listed = list(names)
        with Progress(len(listed), _("Drawing the sample gallery"), self._write_line) as shown:
            for name in listed:
                yield name
                shown.update()

    def _keep_working(self, worker: Child) -> None:
        if collection.keep_working(worker):
            self.stderr.write(_("The worker stopped and was restarted."))
            self._name(worker)

    def _name(self, worker: Child) -> None:
        self._write_line(_("Worker process: %(pid)d") % {"pid": worker.pid})

    def _rank(self) -> str:
        """Print what is similar to the opening work, and return the path of its page."""
        answer = opening.rank()
        if answer is None:
            self.stdout.write(_("No works are indexed, so there are no similar works to show."))
            return reverse("stylesim:gallery")
        self.stdout.write(
            "\n"
            + _("Works most similar to “%(title)s”:") % {"title": adapter().title(answer.query)}
        )
        for line in ranking_lines(answer):
            self.stdout.write(line)
        self.stdout.write(opening.describe(answer))
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
