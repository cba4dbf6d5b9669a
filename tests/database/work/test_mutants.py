"""Two thousand damaged files through the decoding entrance: reasons, no deaths, bounded memory."""

from __future__ import annotations

import collections
import resource

import pytest

from stylesim_app.collection import decoders
from stylesim_app.core.decoding import Request
from stylesim_app.core.errors import ImageError
from stylesim_app.core.images import Limits
from tests.odd_pictures import mutants

REQUEST = Request(Limits(10_000_000, 100_000_000), sides=(240,))
#: Million bytes that a process may take for files that declare up to 100 megapixels.
MEMORY = 2_000


def decode_mutants(count: int, seed: int) -> collections.Counter[str]:
    """The number of mutants by outcome."""
    outcomes: collections.Counter[str] = collections.Counter()
    pool = decoders.Decoders(memory=MEMORY * 1_000_000, pixels=100_000_000)
    try:
        for _, content in mutants(count, seed):
            try:
                picture = pool.decode(content, REQUEST, 60)
                outcomes["decoded, " + (", ".join(picture.facts.notes) or "no note")] += 1
            except ImageError as error:
                outcomes[error.code] += 1
    finally:
        pool.close()
    return outcomes


def test_a_hundred_mutants_kill_no_process(db):
    outcomes = decode_mutants(100, seed=3)
    assert outcomes.total() == 100
    assert outcomes["image_decoder_died"] == 0
    assert outcomes["image_broken"] > 10


@pytest.mark.release
def test_two_thousand_mutants_kill_no_process(db):
    outcomes = decode_mutants(2000, seed=4)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(dict(outcomes), f"largest process {largest} MB")
    assert outcomes.total() == 2000
    assert outcomes["image_decoder_died"] == 0
    assert largest < MEMORY
