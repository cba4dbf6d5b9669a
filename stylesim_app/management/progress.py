"""The progress of a command: a bar on a terminal, and a line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from django.utils.translation import gettext as _
from tqdm import tqdm

from .output import progress_bar

#: Seconds between two lines of a log.
INTERVAL = 5.0


class Progress:
    """The progress through ``total`` items; ``write`` takes the lines where there is no bar."""

    def __init__(self, total: int, label: str, write: Callable[[str], object]) -> None:
        self.bar: tqdm[Any] = progress_bar(total, label)
        self.total = total
        self.label = label
        self._write = write
        self._done = 0
        self._written_at = time.monotonic()
        self._written: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.close()
        # Lines that began end with the last item.
        if kind is None and self._written not in (None, self._done):
            self._write_now()

    def update(self) -> None:
        """Count one item more."""
        self.reach(self._done + 1)

    def reach(self, done: int, total: int | None = None) -> None:
        """Show how many items are done, and how many there are."""
        self._done = done
        self.total = self.total if total is None else total
        self.bar.total = self.total
        self.bar.update(done - self.bar.n)
        if self.bar.disable and time.monotonic() - self._written_at >= INTERVAL:
            self._write_now()

    def clear(self) -> None:
        """Make room for a line of output."""
        self.bar.clear()

    def _write_now(self) -> None:
        self._written_at, self._written = time.monotonic(), self._done
        self._write(
            _("%(label)s: %(done)d of %(total)d (%(percent)d %%)")
            % {
                "label": self.label,
                "done": self._done,
                "total": self.total,
                "percent": 100 * self._done // max(self.total, 1),
            }
        )
