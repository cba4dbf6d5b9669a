"""Processes that decode pictures, kept warm: what stops one of them fails one file.

A worker of django-q2 is a daemon, which may not have children by ``multiprocessing``; so these are
plain subprocesses.
"""

from __future__ import annotations

import atexit
import io
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

from ..conf import conf
from ..core.decoder_process import Refused
from ..core.decoding import Request
from ..core.errors import ImageError
from ..core.images import Picture, check_size, read_header
from .fields import image_limits

#: Processes at most; they are started when they are needed.
PROCESSES = 4
#: A file that fails for a reason that may be the machine's is tried so often.
TRIES = 2

_MAY_PASS = ("image_decoder_died", "image_too_slow", "image_too_much_memory")
_START = "from stylesim_app.core.decoder_process import main"
#: Threads of libraries would only compete with those of the network.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


_pools: dict[tuple[int, int, int], Decoders] = {}
_lock = threading.Lock()


class Decoder:
    """One process, and the connection to it."""

    def __init__(self, memory: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            paths = os.pathsep.join(path or str(os.getcwd()) for path in sys.path)  # noqa: PTH109
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-c", f"{_START}; main({theirs.fileno()}, {memory})"],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **_ONE_THREAD, "PYTHONPATH": paths},
            )
        self._connection = Connection(ours.detach())

    @property
    def pid(self) -> int:
        return self._process.pid

    def decode(self, content: bytes, request: Request, seconds: float) -> Picture:
        """Decode a file. Raises ImageError; the process may then be gone."""
        try:
            self._connection.send((request, seconds))
            self._connection.send_bytes(content)
            if not self._connection.poll(seconds):
                raise ImageError("image_too_slow", limit=seconds)
            answer = self._connection.recv()
        except (EOFError, OSError) as error:
            raise ImageError("image_decoder_died", reason=self._cause()) from error
        if isinstance(answer, Refused):
            raise ImageError(answer.code, **answer.params)
        picture: Picture = answer
        return picture

    def _cause(self) -> str:
        """Return in words how the process ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        status = self._process.returncode
        if status is not None and status < 0:
            return signal.Signals(-status).name
        return f"exit status {status}"

    def stop(self) -> None:
        """End the process at once."""
        self._connection.close()
        self._process.kill()
        self._process.wait()


class PixelBudget:
    """The pixels that may be decoded at once, over all batches."""

    def __init__(self, total: int) -> None:
        self._total = self._left = total
        self._changed = threading.Condition()

    @contextmanager
    def take(self, pixels: int) -> Iterator[None]:
        """Wait until so many pixels may be decoded; more than the total is the total."""
        taken = min(pixels, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._left >= taken)
            self._left -= taken
        try:
            yield
        finally:
            with self._changed:
                self._left += taken
                self._changed.notify_all()


class Decoders:
    """A pool of processes. One that dies, or exceeds its time or memory, is replaced."""

    def __init__(self, memory: int, pixels: int) -> None:
        self._memory = memory
        self._owner = os.getpid()
        self._budget = PixelBudget(pixels)
        self._free: queue.LifoQueue[Decoder | None] = queue.LifoQueue()
        for _ in range(PROCESSES):
            self._free.put(None)
        atexit.register(self.close)

    def decode(
        self, content: bytes, request: Request, seconds: float, tries: int = TRIES
    ) -> Picture:
        """Decode a file, up to ``tries`` times if the failure may pass. Raises ImageError."""
        check_size(len(content), request.limits)
        with self._budget.take(_count_pixels(content, request)):
            for attempt in range(1, tries + 1):
                try:
                    return self._attempt(content, request, seconds)
                except ImageError as error:
                    if error.code not in _MAY_PASS or attempt == tries:
                        raise
        raise AssertionError

    def _attempt(self, content: bytes, request: Request, seconds: float) -> Picture:
        decoder = self._free.get()
        try:
            decoder = decoder or Decoder(self._memory)
            return decoder.decode(content, request, seconds)
        except BaseException as error:
            may_go_on = isinstance(error, ImageError) and error.code not in _MAY_PASS
            if decoder is not None and not may_go_on:
                decoder.stop()
                decoder = None
            raise
        finally:
            self._free.put(decoder)

    def close(self) -> None:
        """End all processes that are free."""
        if os.getpid() != self._owner:
            return
        free = []
        with suppress(queue.Empty):
            while True:
                free.append(self._free.get_nowait())
        for decoder in free:
            if decoder is not None:
                decoder.stop()
            self._free.put(None)


def _count_pixels(content: bytes, request: Request) -> int:
    try:
        facts = read_header(io.BytesIO(content), len(content), request.limits)
    except ImageError:
        # Refused before a pixel is decoded, or damaged in a way that the decoder may know.
        return request.limits.max_pixels // 10
    return facts.width * facts.height


def decoders() -> Decoders:
    """Return the pool of this process."""
    limits = image_limits()
    wanted = os.getpid(), int(conf.decoder_memory_mb * 1e6), 3 * limits.max_pixels // 2
    with _lock:
        if (found := _pools.get(wanted)) is None:
            for other in _pools.values():
                other.close()
            _pools.clear()
            found = _pools[wanted] = Decoders(*wanted[1:])
        return found


def check_pixels(content: bytes) -> None:
    """Decode a file as a worker would, and keep nothing. Raises ImageError."""
    decoders().decode(content, Request(image_limits()), conf.decoder_seconds)
