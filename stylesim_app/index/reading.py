"""Concurrent reading of exact descriptors; damaged ones are left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from .. import files
from ..core.descriptors import Descriptor
from ..core.distances import DistanceParts, measure_parts
from ..core.errors import DescriptorError
from ..models import StoredDescriptor
from ..stores.base import Candidate
from . import repair

#: Files that are fetched at once, and the most held in memory before they are needed, 0.8 MB each.
#: Fetching waits for disks and networks, so several threads do it; computing would wait for
#: Python's lock, so it stays in one thread.
THREADS = 4
AHEAD = 16


def read_each(names: Mapping[int, str]) -> Iterator[tuple[int, Descriptor]]:
    """Yield the descriptors in files, with the keys of their rows; for workers.

    A descriptor that cannot be read is tried once more, and dropped if that fails. Raises
    StorageUnavailable.
    """
    for key, fetched in zip(names, _fetch(names.values()), strict=True):
        outcome = _parse(fetched)
        if isinstance(outcome, DescriptorError):
            repair.settle(StoredDescriptor.objects.filter(pk=key))
        else:
            yield key, outcome


def measure(requests: Sequence[tuple[Descriptor, Sequence[Candidate]]]) -> list[DistanceParts]:
    """Return the exact parts between each descriptor and its candidates, NaN for damaged ones.

    Each file is read once, even for several requests. Damaged descriptors are marked as suspected.
    """
    answers = [DistanceParts.unknown(len(candidates)) for _, candidates in requests]
    askers: dict[Candidate, list[tuple[int, int]]] = {}
    for request, (_, candidates) in enumerate(requests):
        for index, candidate in enumerate(candidates):
            askers.setdefault(candidate, []).append((request, index))

    damaged = []
    names = [candidate.file_name for candidate in askers]
    for (candidate, asking), fetched in zip(askers.items(), _fetch(names), strict=True):
        other = _parse(fetched)
        if isinstance(other, DescriptorError):
            damaged.append((candidate.stored, other))
            continue
        for request, index in asking:
            parts = answers[request]
            parts.layers[index], parts.content[index] = measure_parts(requests[request][0], other)
    repair.suspect(damaged)
    return answers


def _fetch(names: Iterable[str]) -> Iterator[Future[bytes]]:
    """Yield the bytes of files, in their order."""
    waiting: deque[Future[bytes]] = deque()
    with ThreadPoolExecutor(THREADS, "stylesim-fetch") as threads:
        for name in names:
            waiting.append(threads.submit(files.fetch, name))
            if len(waiting) > AHEAD:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()


def _parse(fetched: Future[bytes]) -> Descriptor | DescriptorError:
    try:
        return files.parse_descriptor(fetched.result)
    except DescriptorError as error:
        return error
