"""Signals that end a command, and readers of its output that go away."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: The signals by which a service or a closed terminal ends a command.
_SIGNALS = ("SIGTERM", "SIGHUP")
#: The exit status of a program that nobody reads, as shells have it.
PIPE_CLOSED = 141


class Ended(KeyboardInterrupt):
    """A signal to end, handled like Ctrl-C; ``status`` is the exit status."""

    def __init__(self, number: int) -> None:
        self.status = 128 + number
        super().__init__()


def _end(number: int, _frame: FrameType | None) -> None:
    raise Ended(number)


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Raise Ended in the main thread at a signal to end, so that the command can clean up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    previous = [(number, signal.signal(number, _end)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in previous:
            signal.signal(number, handler)


@contextmanager
def ending_quietly() -> Iterator[None]:
    """End the process without a message when the reader of its output goes away (``| head``)."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    except BrokenPipeError:
        # Python would try to write what is left when it ends.
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nothing, stream.fileno())
        raise SystemExit(PIPE_CLOSED) from None
