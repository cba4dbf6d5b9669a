"""Near pairs: each work with the nearest of those before it, in each lane that compares vectors."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.core.embedding import weigh_parts
from stylesim_app.index import near_pairs, vectors
from stylesim_app.index.near_pairs import KEPT, compare_waiting
from stylesim_app.models import Artwork, NearPair, PairList, StoredDescriptor, VectorIndex
from tests.rankings import serving_set

from .vector_works import draw, only, stop_after, upload

pytestmark = pytest.mark.django_db

LANES = ("artist_style", "content", "regions")


@pytest.fixture
def works(shipped):
    return [upload(descriptor) for descriptor in draw(KEPT + 4)]


def compare(go_on=lambda: True) -> bool:
    return compare_waiting(serving_set(), go_on)


def stored_pairs(lane: str) -> dict[tuple[int, int], float]:
    rows = NearPair.objects.filter(pair_list__lane=lane)
    return {
        (later, earlier): distance
        for later, earlier, distance in rows.values_list("later", "earlier", "distance")
    }


def expected_pairs(lane: str) -> dict[tuple[int, int], float]:
    """The pairs by the definition, in float64: all earlier works are measured and ordered."""
    comparison = near_pairs.registered()[lane]
    index = only(comparison.embedding.name)
    keys = list(StoredDescriptor.objects.order_by("pk").values_list("pk", flat=True))
    found = vectors.open_store(index).read(keys)
    expected = {}
    for at, later in enumerate(keys):
        query = weigh_parts(found[later].numbers[0], dict(comparison.weights)).astype(np.float64)
        distances = {
            earlier: max(0.0, 1 - float(query @ found[earlier].numbers[0].astype(np.float64)))
            for earlier in keys[:at]
        }
        for earlier in sorted(distances, key=distances.__getitem__)[:KEPT]:
            expected[later, earlier] = distances[earlier]
    return expected


def check_pairs() -> None:
    for lane in LANES:
        expected, found = expected_pairs(lane), stored_pairs(lane)
        assert found.keys() == expected.keys()
        assert [found[pair] for pair in expected] == pytest.approx(
            list(expected.values()), abs=1e-5
        )


def test_each_work_is_kept_with_the_nearest_before_it(works):
    assert compare()
    assert len(stored_pairs(LANES[0])) == sum(min(at, KEPT) for at in range(len(works)))
    check_pairs()


def test_works_that_arrive_later_are_added(works, shipped):
    compare()
    known = set(NearPair.objects.values_list("pk", flat=True))
    for descriptor in draw(2, seed=1):
        upload(descriptor)
    assert compare()
    check_pairs()
    assert known < set(NearPair.objects.values_list("pk", flat=True))


def test_it_goes_on_where_it_stopped(works, monkeypatch):
    monkeypatch.setattr(near_pairs, "BLOCK", 2)
    assert not compare(stop_after(2))
    reached = PairList.objects.get().compared_to
    assert stored_pairs(LANES[0]).keys() == {
        pair for pair in expected_pairs(LANES[0]) if pair[0] <= reached
    }
    assert compare()
    check_pairs()


def test_two_processes_write_each_pair_once(works):
    compare()
    for lane, comparison in near_pairs.registered().items():
        index = only(comparison.embedding.name)
        before = PairList(pk=PairList.objects.get(lane=lane).pk, vector_index=index, lane=lane)
        block = near_pairs._waiting(before, serving_set())
        near_pairs._compare(before, index, comparison, block)
    check_pairs()


@pytest.mark.django_db(transaction=True)
def test_a_work_that_is_deleted_meanwhile_is_in_no_pair(works, monkeypatch):
    store, left = type(vectors.open_store(only("picture"))), [works[2]]
    nearest = store.nearest

    def find_then_delete(*arguments):
        found = nearest(*arguments)
        if left and len(found) == KEPT:
            Artwork.objects.get(pk=left.pop()).delete()
        return found

    monkeypatch.setattr(store, "nearest", find_then_delete)
    assert compare()
    assert not left
    check_pairs()


def test_the_pairs_of_a_deleted_work_go_and_the_others_stay(works):
    compare()
    before = stored_pairs(LANES[0])
    gone = StoredDescriptor.objects.get(entry__artwork=works[0]).pk
    Artwork.objects.get(pk=works[0]).delete()
    assert compare()
    assert stored_pairs(LANES[0]) == {
        pair: distance for pair, distance in before.items() if gone not in pair
    }


def test_a_list_goes_with_its_index(works):
    compare()
    VectorIndex.objects.all().delete()
    assert not PairList.objects.exists()
    assert not NearPair.objects.exists()
