"""The process that decodes pictures of strangers: limited memory, limited time, no Django.

It answers the requests of the process that started it, and ends with it.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from .decoding import Request, decode, has_opencv
from .errors import ImageError
from .image_file import READ_WITH_ERRORS
from .images import Picture
from .memory import keep_freed_memory

#: Seconds beyond the parent's patience after which the process ends itself.
MARGIN = 5
#: Chosen first when the machine runs out of memory, before the worker.
OOM_SCORE = 900
#: Bytes that the process keeps between two pictures: what finding local features takes.
KEPT_MEMORY = 64 << 20

# Complaints of libtiff that concern pixels; others are about tags.
_DAMAGE = re.compile(r"decode|jpeg|corrupt|premature|truncate|not enough data|read error", re.I)


@dataclass(frozen=True)
class Refused:
    """The code and parameters of an ImageError."""

    code: str
    params: dict[str, object]


def serve(connection: Connection, complaints: int) -> None:
    """Answer requests until the other end is closed; ``complaints`` is a file of messages that
    libraries write."""
    while True:
        try:
            request, seconds = connection.recv()
            content = connection.recv_bytes()
        except (EOFError, OSError):
            return
        signal.alarm(int(seconds) + MARGIN)
        answer = answer_to(content, request)
        signal.alarm(0)
        if isinstance(answer, Picture) and _DAMAGE.search(_take(complaints)):
            answer = _note_damage(answer)
        try:
            connection.send(answer)
        except OSError:
            return


def answer_to(content: bytes, request: Request) -> Picture | Refused:
    """Decode a file, or return the reason why it cannot be decoded."""
    try:
        return decode(content, request)
    except ImageError as error:
        return Refused(error.code, {name: _plain(value) for name, value in error.params.items()})
    except MemoryError:
        return Refused("image_too_much_memory", {})
    except Exception as error:
        # OpenCV reports a lack of memory as an error of its own.
        if "memory" in str(error).lower():
            return Refused("image_too_much_memory", {})
        raise


def _plain(value: object) -> object:
    return value if isinstance(value, (int, float, str)) else str(value)


def _note_damage(picture: Picture) -> Picture:
    facts = picture.facts
    if READ_WITH_ERRORS in facts.notes:
        return picture
    return replace(picture, facts=replace(facts, notes=(*facts.notes, READ_WITH_ERRORS)))


def _take(complaints: int) -> str:
    """Return what was written to a file since the last call."""
    length = os.lseek(complaints, 0, os.SEEK_END)
    text = os.pread(complaints, min(length, 100_000), 0).decode(errors="replace")
    os.ftruncate(complaints, 0)
    os.lseek(complaints, 0, os.SEEK_SET)
    return text


def limit_memory(most: int) -> None:
    """Let this process take at most so many bytes in addition to what it has."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    found = re.search(r"VmData:\s*(\d+) kB", status)
    taken = 1024 * int(found[1]) if found else 0
    resource.setrlimit(resource.RLIMIT_DATA, (taken + most, taken + most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(descriptor: int, memory: int) -> None:
    """Prepare this process and serve the connection with a file descriptor."""
    # The terminal interrupts the worker, which then closes the connection.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")
    if has_opencv():
        import cv2

        from .same_picture import features  # noqa: F401  (loaded before the first request)

        cv2.setNumThreads(1)
    keep_freed_memory(KEPT_MEMORY)
    complaints = os.memfd_create("complaints")
    os.dup2(complaints, sys.stderr.fileno())
    limit_memory(memory)
    serve(Connection(descriptor), complaints)
