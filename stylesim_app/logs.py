"""Logging: a filter that passes what is repeated once a minute."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

#: Seconds for which repetitions of a message are left out.
INTERVAL = 60.0
#: Messages that are remembered at most; more of them are no repetitions of a few.
MOST = 1000


@dataclass
class _Passed:
    """A message that passed, and the repetitions that were left out since."""

    until: float
    record: logging.LogRecord
    left_out: int = 0


class RepeatFilter(logging.Filter):
    """Pass warnings and errors that are repeated once a minute, with the count of those left out.

    Messages are the same if logger, level and text are; or, for a record with the attribute
    ``repeats``, if that is the same. ``left_out`` is set on each record that passes; where it is
    not zero, the text says so too.
    """

    def __init__(self, name: str = "", interval: float = INTERVAL) -> None:
        super().__init__(name)
        self.interval = interval
        self._passed: dict[tuple[str, int, str], _Passed] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record passes; a summary of others may pass before it."""
        if record.levelno < logging.WARNING or hasattr(record, "left_out"):
            return True
        key = (record.name, record.levelno, getattr(record, "repeats", "") or record.getMessage())
        now = time.monotonic()
        with self._lock:
            over = [
                self._passed.pop(each) for each in list(self._passed) if self._is_over(each, now)
            ]
            known = self._passed.get(key)
            if known is not None:
                known.left_out += 1
            elif len(self._passed) < MOST:
                self._passed[key] = _Passed(now + self.interval, record)
        for passed in over:
            if passed.left_out:
                _summarize(passed)
        if known is None:
            record.left_out = 0
        return known is None

    def _is_over(self, key: tuple[str, int, str], now: float) -> bool:
        return self._passed[key].until <= now


def _summarize(passed: _Passed) -> None:
    """Log how often a message was left out, with the fields of the one that passed."""
    summary = logging.makeLogRecord(
        {
            **vars(passed.record),
            "msg": "%s (%d more in the last minute)",
            "args": (passed.record.getMessage(), passed.left_out),
            "left_out": passed.left_out,
            "created": time.time(),
            "exc_info": None,
            "exc_text": None,
        }
    )
    logging.getLogger(summary.name).handle(summary)
