"""The closest pairs of the collection: each once, nearest first, page after page."""

from __future__ import annotations

from itertools import combinations

import pytest
from django.db import connection
from django.db.models import F

from stylesim_app.index import upkeep
from stylesim_app.models import Artwork, IndexEntry, NearPair, Neighbour, StoredDescriptor
from stylesim_app.ranking import pairs
from stylesim_app.ranking.pair_sources import DIFFERENT, SAME, Scope
from tests.rankings import rank, rank_in_lane

ALL = "measure"
PICTURES = "same_picture"
VECTOR_LANES = ("artist_style", "content", "regions")


@pytest.fixture
def listed(collection):
    """The collection with its lists of neighbours."""
    upkeep.maintain(60, idle=True)
    return collection


def walk(lane, scope, size):
    """All pairs in pages of a size, forwards and then backwards to the first page."""
    forwards, page = [], pairs.list_pairs(lane, scope, size)
    while True:
        forwards.append(page)
        if page.next is None:
            break
        page = pairs.list_pairs(lane, scope, size, page.next)
    backwards = [page]
    while page.previous:
        page = pairs.list_pairs(lane, scope, size, page.previous)
        backwards.append(page)
    return forwards, backwards[::-1]


def names(page):
    return [frozenset((pair.first.title, pair.second.title)) for pair in page.pairs]


def everything(**conditions):
    return Scope(Artwork.objects.all(), **conditions)


def test_each_pair_is_listed_once_and_in_the_order_of_the_measure(listed):
    expected = {}
    for artwork in listed.values():
        for result in rank(artwork, limit=20).results:
            expected[frozenset((artwork.title, result.artwork.title))] = result.distance
    page = pairs.list_pairs(ALL, everything(), 100)
    found = names(page)
    assert len(found) == len(set(found)) == len(list(combinations(listed, 2)))
    distances = [pair.distance or 0.0 for pair in page.pairs]
    assert distances == sorted(distances)
    assert distances == pytest.approx([expected[each] for each in found])
    nearest = page.pairs[0]
    result = rank(nearest.first, limit=20).results[0]
    assert nearest.closer_than == result.closer_than
    assert nearest.style_distance == pytest.approx(result.style_distance)
    assert nearest.content_distance == pytest.approx(result.content_distance)


@pytest.mark.parametrize("lane", VECTOR_LANES)
def test_pairs_of_vectors_are_in_the_order_of_the_lane(listed, lane):
    """In a small collection no lane corrects its distances."""
    expected = {}
    for artwork in listed.values():
        for result in rank_in_lane(lane, artwork, limit=20):
            expected[frozenset((artwork.title, result.artwork.title))] = result
    page = pairs.list_pairs(lane, everything(), 100)
    found = names(page)
    assert len(found) == len(set(found)) > len(listed)
    distances = [pair.distance or 0.0 for pair in page.pairs]
    assert distances == sorted(distances)
    assert distances == pytest.approx([expected[each].figure for each in found], abs=1e-5)
    nearest = min(expected, key=lambda each: expected[each].figure)
    assert found[0] == nearest
    shares = [pair.closer_than for pair in page.pairs if pair.closer_than is not None]
    assert len(shares) == len(found)
    assert shares == sorted(shares, reverse=True)


@pytest.mark.parametrize("lane", [ALL, *VECTOR_LANES])
def test_pages_join_without_gaps_in_both_directions(listed, lane):
    complete = names(pairs.list_pairs(lane, everything(), 100))
    forwards, backwards = walk(lane, everything(), 7)
    assert [each for page in forwards for each in names(page)] == complete
    assert [names(page) for page in backwards] == [names(page) for page in forwards]
    assert forwards[0].previous is None


def test_a_pair_that_only_one_list_holds_is_listed(listed):
    first, second = listed["disc-a"], listed["disc-b"]
    for owner, neighbour in ((first, second), (second, first)):
        complete = set(names(pairs.list_pairs(ALL, everything(), 100)))
        lines = Neighbour.objects.filter(
            owner__entry__artwork=owner, neighbour__entry__artwork=neighbour
        )
        line = lines.get()
        lines.delete()
        assert set(names(pairs.list_pairs(ALL, everything(), 100))) == complete
        line.save(force_insert=True)


def test_hidden_works_are_in_no_pair(listed):
    hidden = listed["disc-a"]
    visible = Artwork.objects.exclude(pk=hidden.pk)
    for lane in (each.name for each in pairs.pair_lanes()):
        page = pairs.list_pairs(lane, Scope(visible), 100)
        assert hidden.title not in {name for each in names(page) for name in each}


def test_filters_match_one_of_the_works(listed, monkeypatch):
    matching = Artwork.objects.filter(artist="Artist A")
    wanted = set(matching.values_list("title", flat=True))
    complete = names(pairs.list_pairs(ALL, everything(), 100))
    expected = [each for each in complete if each & wanted]
    for few in (1000, 0):
        monkeypatch.setattr("stylesim_app.ranking.pair_sources.FEW", few)
        assert names(pairs.list_pairs(ALL, everything(matching=matching), 100)) == expected


def test_artists_are_the_same_or_different_and_unknown_ones_are_neither(listed):
    Artwork.objects.filter(pk=listed["disc-a"].pk).update(artist="")
    for artwork in Artwork.objects.all():
        artwork.save()
    artists = dict(Artwork.objects.values_list("title", "artist"))
    complete = names(pairs.list_pairs(ALL, everything(), 100))
    known = [each for each in complete if all(artists[name] for name in each)]
    same = [each for each in known if len({artists[name] for name in each}) == 1]
    different = [each for each in complete if len({artists[name] for name in each}) == 2]
    assert names(pairs.list_pairs(ALL, everything(artists=SAME), 100)) == same
    assert names(pairs.list_pairs(ALL, everything(artists=DIFFERENT), 100)) == different


def test_the_same_file_is_before_the_same_picture(stored_matches):
    originals, copy = stored_matches
    for artwork in (originals[0], originals[2], originals[3]):
        IndexEntry.objects.filter(artwork=artwork).update(image_sha256="a" * 64)
    page = pairs.list_pairs(PICTURES, everything(), 100)
    files = [pair for pair in page.pairs if pair.same_file]
    assert page.pairs[: len(files)] == files
    assert {frozenset((p.first.title, p.second.title)) for p in files} == {
        frozenset(each) for each in combinations(("work 0", "work 2", "work 3"), 2)
    }
    (match,) = page.pairs[len(files) :]
    assert (match.first, match.second) == (originals[0], copy)
    assert match.inliers == match.relation.inliers
    assert match.relation.mirrored
    # The copy shows a part of the original.
    assert match.relation.query_covered < 0.8 < match.relation.covered
    forwards, backwards = walk(PICTURES, everything(), 1)
    assert [each for page in forwards for each in names(page)] == names(page)
    assert [names(page) for page in backwards] == [names(page) for page in forwards]


def test_a_pair_with_the_same_file_is_listed_once(stored_matches):
    originals, copy = stored_matches
    entry = IndexEntry.objects.get(artwork=originals[0])
    IndexEntry.objects.filter(artwork=copy).update(image_sha256=entry.image_sha256)
    (pair,) = pairs.list_pairs(PICTURES, everything(), 100).pairs
    assert pair.same_file
    assert pair.inliers is None


@pytest.mark.parametrize("artists", [SAME, DIFFERENT])
def test_artists_of_the_same_file(stored_matches, artists):
    originals, _copy = stored_matches
    for number, artwork in enumerate(originals[:3]):
        artwork.artist = ["Ann", "Ann", "Bea"][number]
        artwork.save()
        IndexEntry.objects.filter(artwork=artwork).update(image_sha256="a" * 64)
    expected = {
        SAME: [{"work 0", "work 1"}],
        # The artist of the copy is not known.
        DIFFERENT: [{"work 0", "work 2"}, {"work 1", "work 2"}, {"work 0", "copy"}],
    }[artists]

    def listed_with(**conditions):
        page = pairs.list_pairs(PICTURES, everything(artists=artists, **conditions), 100)
        return sorted(names(page), key=sorted)

    assert listed_with() == sorted(expected, key=sorted)
    matching = Artwork.objects.filter(title="work 1")
    assert listed_with(matching=matching) == [each for each in expected if "work 1" in each]


def test_cursors_of_another_lane_or_hand_are_refused(listed):
    cursor = pairs.list_pairs(ALL, everything(), 5).next
    assert cursor is not None
    for lane, token in ((PICTURES, cursor), (ALL, "x" + cursor), (ALL, "x" * 1000)):
        with pytest.raises(pairs.InvalidCursor):
            pairs.list_pairs(lane, everything(), 5, token)


def test_works_that_are_still_to_be_compared_are_counted(listed):
    assert pairs.list_pairs(ALL, everything()).unlisted == 0
    stored = StoredDescriptor.objects.filter(entry__artwork=listed["disc-a"])
    stored.update(list_state=StoredDescriptor.ListState.NEW)
    assert pairs.list_pairs(ALL, everything()).unlisted == 1
    hidden = Scope(Artwork.objects.exclude(pk=listed["disc-a"].pk))
    assert pairs.list_pairs(ALL, hidden).unlisted == 0


@pytest.mark.parametrize("lane", VECTOR_LANES)
def test_works_without_pairs_of_vectors_yet_are_counted(collection, lane):
    assert pairs.list_pairs(lane, everything()).unlisted == len(collection)
    upkeep.maintain(60, idle=True)
    assert pairs.list_pairs(lane, everything()).unlisted == 0


def test_a_list_that_ends_early_is_marked(listed, monkeypatch):
    monkeypatch.setattr("stylesim_app.ranking.pair_sources.FEW", 0)
    complete = pairs.list_pairs(ALL, everything(), 100)
    assert not complete.limited
    monkeypatch.setattr("stylesim_app.ranking.pair_sources.MAX_LINES", 20)
    page = pairs.list_pairs(ALL, everything(), 100)
    assert page.limited
    assert 0 < len(page.pairs) < len(complete.pairs)
    assert not pairs.list_pairs(PICTURES, everything(), 100).limited


def test_conditions_on_both_works_are_asked_of_the_index_alone(db):
    """SQLite reads a line only once its works pass; with millions of lines, the disk is slow."""
    if connection.vendor != "sqlite":
        pytest.skip("a plan of SQLite")
    rows = Neighbour.objects.filter(owner__lt=F("neighbour")).order_by("distance", "pk")
    assert "COVERING INDEX stylesim_nearest_pairs" in rows.values_list("pk").explain()
    near = NearPair.objects.filter(pair_list=1, earlier__lt=9).order_by("distance", "pk")
    assert "COVERING INDEX stylesim_near_pairs" in near.values_list("pk").explain()
