"""The inverted file: works are found, added, replaced, removed, merged, and kept on disk."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from stylesim_app.core.same_picture import inverted_file
from stylesim_app.core.same_picture.inverted_file import InvertedFile, QueryWords
from stylesim_app.core.same_picture.segments import Segment

from .drawn import random_features, shipped, works_features


@cache
def compact(seed: int, count: int = 60):
    return shipped().encode(random_features(count, seed))


@cache
def words(seed: int, count: int = 60) -> QueryWords:
    return QueryWords.of(random_features(count, seed), shipped())


def filled(*batches: range) -> InvertedFile:
    found = InvertedFile(shipped())
    for batch in batches:
        found.add([(seed, compact(seed)) for seed in batch])
    return found


def best(collection: InvertedFile, seed: int) -> int | None:
    candidates = collection.find(words(seed))
    return candidates[0].key if candidates else None


def test_an_empty_file_finds_nothing():
    assert InvertedFile(shipped()).find(words(1)) == []
    assert len(InvertedFile(shipped())) == 0
    assert filled(range(0)).find(words(1)) == []


def test_each_work_is_found_first_by_its_own_features():
    collection = filled(range(30))
    assert [best(collection, seed) for seed in range(30)] == list(range(30))


def test_votes_fall_and_are_as_many_as_asked_for():
    votes = [candidate.votes for candidate in filled(range(30)).find(words(3), 5)]
    assert len(votes) <= 5
    assert votes == sorted(votes, reverse=True)
    assert votes[0] > 2 * votes[1]


def test_a_query_without_features_finds_nothing():
    assert filled(range(3)).find(words(1, 0)) == []


def test_a_work_without_features_can_be_added_and_is_not_found():
    collection = filled(range(3))
    collection.add([(7, compact(7, 0))])
    assert 7 in collection.work_keys()
    assert best(collection, 2) == 2


def test_a_turned_and_enlarged_work_is_found():
    features = works_features(1)
    collection = InvertedFile(shipped())
    collection.add([(seed, shipped().encode(works_features(seed))) for seed in range(1, 6)])
    turned = type(features)(
        features.height,
        features.width,
        features.points[:, ::-1] * np.float32(1.5),
        features.sizes * np.float32(1.5),
        (features.angles + 90) % 360,
        features.descriptors,
    )
    still, moved = (
        collection.find(QueryWords.of(each, shipped()), 1)[0] for each in (features, turned)
    )
    assert still.key == moved.key == 1
    assert moved.votes == pytest.approx(still.votes, rel=0.3)


def test_matches_of_every_pose_count_less_than_those_of_one():
    features = works_features(1)
    collection = InvertedFile(shipped())
    collection.add([(1, shipped().encode(features))])
    shuffled = type(features)(
        features.width,
        features.height,
        features.points,
        features.sizes,
        np.random.default_rng(0).uniform(0, 360, len(features)).astype(np.float32),
        features.descriptors,
    )
    orderly, chaotic = (
        collection.find(QueryWords.of(each, shipped()))[0].votes for each in (features, shuffled)
    )
    assert chaotic < orderly / 3


def test_an_added_work_is_found_at_once_and_a_removed_one_no_more():
    collection = filled(range(5))
    assert best(collection, 9) != 9
    collection.add([(9, compact(9))])
    assert best(collection, 9) == 9
    collection.remove([9, 1234])
    assert best(collection, 9) != 9
    assert sorted(collection.work_keys()) == list(range(5))


def test_a_work_that_is_added_again_is_replaced():
    collection = filled(range(5))
    collection.add([(3, compact(33))])
    assert best(collection, 33) == 3
    assert best(collection, 3) != 3
    assert len(collection) == 5


def test_a_key_that_comes_twice_is_refused():
    with pytest.raises(ValueError, match="expected each key once, got 4 twice"):
        filled().add([(4, compact(1)), (4, compact(2))])


@pytest.mark.parametrize("order", [range(40), reversed(range(40))])
def test_adding_one_by_one_is_adding_all(order):
    at_once, one_by_one = filled(range(40)), InvertedFile(shipped())
    for seed in order:
        one_by_one.add([(seed, compact(seed))])
    assert len(one_by_one.segments) <= 6
    for seed in range(0, 40, 7):
        expected = dict(at_once.find(words(seed), 100))
        assert dict(one_by_one.find(words(seed), 100)) == pytest.approx(expected)


def test_merging_leaves_out_what_was_removed():
    collection = filled(range(4))
    collection.remove([1, 2])
    collection.add([(seed, compact(seed)) for seed in range(4, 8)])
    assert len(collection.segments) == 1
    assert collection.segments[0].keys.tolist() == [0, 3, 4, 5, 6, 7]
    assert [best(collection, seed) for seed in (0, 3, 4, 7)] == [0, 3, 4, 7]


def test_large_segments_are_not_merged(monkeypatch):
    monkeypatch.setattr(inverted_file, "LARGEST_MERGE", 5)
    collection = filled(range(4), range(4, 8), range(8, 10))
    assert [len(segment.keys) for segment in collection.segments] == [4, 4, 2]
    assert [best(collection, seed) for seed in range(10)] == list(range(10))


def test_postings_are_compared_block_by_block(monkeypatch):
    collection = filled(range(20))
    expected = collection.find(words(3))
    monkeypatch.setattr(inverted_file, "_BLOCK", 7)
    assert [key for key, _ in collection.find(words(3))] == [key for key, _ in expected]


def test_segments_are_mapped_from_disk(tmp_path):
    collection = filled(range(10))
    collection.segments[0].save(tmp_path / "0")
    opened = Segment.open(tmp_path / "0")
    assert isinstance(opened.signatures, np.memmap)
    again = InvertedFile(shipped(), [opened])
    assert again.find(words(3)) == collection.find(words(3))
    again.remove([3])
    assert best(again, 3) != 3
    again.add([(50, compact(50))])
    assert best(again, 50) == 50


def test_columns_that_do_not_fit_are_refused(tmp_path):
    filled(range(2)).segments[0].save(tmp_path / "0")
    np.save(tmp_path / "0" / "angles.npy", np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match=r"expected 120 angles in .*, got 3"):
        Segment.open(tmp_path / "0")
