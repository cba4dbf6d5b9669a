"""Read exact descriptors, several beside one another; what is damaged is reported and left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from ..core.blas import use_one_thread
from ..core.descriptors import Descriptor
from ..core.distances import DistanceParts, measure_parts
from ..core.errors import DescriptorError
from ..stores.base import Candidate
from . import files, worklist

THREADS = 4
#: Descriptors held in memory at once while many are read, 1.6 MB each.
CHUNK = 16


def read_each(names: Mapping[int, str]) -> Iterator[tuple[int, Descriptor]]:
    """The descriptors of files, by the key of the stored descriptor."""
    keys = list(names)
    with ThreadPoolExecutor(THREADS) as threads:
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            outcomes = list(threads.map(lambda key: _read(names[key]), chunk))
            damaged = []
            for key, outcome in zip(chunk, outcomes, strict=True):
                if isinstance(outcome, DescriptorError):
                    damaged.append((key, outcome))
                else:
                    yield key, outcome
            worklist.report_damage(damaged)


def measure(requests: Sequence[tuple[Descriptor, Sequence[Candidate]]]) -> list[DistanceParts]:
    """The exact parts between each descriptor and its candidates, NaN where one is damaged.

    Each file is read once, whoever asks for it.
    """
    use_one_thread()
    answers = [DistanceParts.unknown(len(candidates)) for _, candidates in requests]
    askers: dict[Candidate, list[tuple[int, int]]] = {}
    for request, (_, candidates) in enumerate(requests):
        for index, candidate in enumerate(candidates):
            askers.setdefault(candidate, []).append((request, index))

    def answer(candidate: Candidate) -> DescriptorError | None:
        other = _read(candidate.file_name)
        if isinstance(other, DescriptorError):
            return other
        for request, index in askers[candidate]:
            parts = answers[request]
            parts.layers[index], parts.content[index] = measure_parts(requests[request][0], other)
        return None

    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = list(zip(askers, threads.map(answer, askers), strict=True))
    worklist.report_damage((each.stored, error) for each, error in outcomes if error is not None)
    return answers


def _read(name: str) -> Descriptor | DescriptorError:
    try:
        return files.read_descriptor(name)
    except DescriptorError as error:
        return error
