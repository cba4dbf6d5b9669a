"""Filter and refine on a compressed collection, against the formula for all works."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app import files
from stylesim_app.core.distances import PRESETS, Weighting
from stylesim_app.index import reading, repair, sets, upkeep
from stylesim_app.index.nearest import UNLIMITED, find_nearest
from stylesim_app.index.serving import Serving
from stylesim_app.models import Artwork, StoredDescriptor
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
from stylesim_app.stores.unbounded import UnboundedStore
from tests import synthetic

LIMIT = 10
#: Weightings that no preset gives.
OWN = [Weighting(1, 1e-4, (1, 0, 0, 0, 0)), Weighting(1e100, 1e90, (0, 1e-9, 0, 1e100, 0))]


def serving_store():
    return Serving(sets.serving_set()).store


def search_all(works, weighting, store=None, candidates=None, **options):
    """The works nearest to each, itself left in."""
    return find_nearest(
        list(works.values()),
        store or serving_store(),
        StoredDescriptor.objects.all() if candidates is None else candidates,
        weighting,
        LIMIT,
        **options,
    )


def check_nearest(works, weighting, found, candidates=None) -> int:
    """How many are certified, which are to equal the formula."""
    among = works if candidates is None else {pk: works[pk] for pk in candidates}
    certified = 0
    for query, nearest in zip(works.values(), found, strict=True):
        if not nearest.certified:
            continue
        certified += 1
        expected = synthetic.brute_force(query, among, weighting, LIMIT)
        assert [each.artwork for each in nearest.candidates] == [pk for pk, _ in expected]
        distances = [distance for _, distance in expected]
        assert nearest.distances.tolist() == pytest.approx(distances, rel=1e-9)
    return certified


@pytest.fixture
def count_reads(monkeypatch):
    """How often a descriptor was read since the last call."""
    names = []
    read = files.fetch

    def note(name):
        names.append(name)
        return read(name)

    monkeypatch.setattr(files, "fetch", note)

    def count() -> int:
        number = sum(name.startswith("descriptors/") for name in names)
        names.clear()
        return number

    return count


@pytest.mark.parametrize("preset", [*PRESETS, *OWN])
def test_the_nearest_are_those_of_the_formula(eighty, preset):
    own = isinstance(preset, Weighting)
    weighting = preset if own else RankingOptions(preset=preset).weighting(Serving())
    found = search_all(eighty, weighting)
    assert check_nearest(eighty, weighting, found) == 80


@pytest.mark.release
def test_the_nearest_of_works_of_full_size(described, db):
    """The real compact descriptors: 64 numbers of each style layer, 512 of content."""
    drawn = [synthetic.as_stored(each) for each in synthetic.blend(described, 64, noise=0.1)]
    works = synthetic.store_works(drawn)
    upkeep.maintain(600, idle=False)
    store = serving_store()
    assert store.bounded
    # All four presets, with less to read than there is.
    for preset in PRESETS:
        weighting = RankingOptions(preset=preset).weighting(Serving())
        found = search_all(works, weighting, store, budget=40)
        assert check_nearest(works, weighting, found) >= 60
        assert max(len(nearest.read) for nearest in found) <= 40


@pytest.mark.parametrize("budget", [1, 14, UNLIMITED])
def test_what_is_certified_is_right_within_any_budget(eighty, budget):
    """What is not is still the best of what was read."""
    weighting = Weighting(0, 1)
    found = search_all(eighty, weighting, budget=budget)
    certified = check_nearest(eighty, weighting, found)
    assert (certified == 80) == (budget == UNLIMITED)
    for nearest in found:
        assert len(nearest.read) <= max(budget, LIMIT)
        by_distance = sorted(
            (float(parts.distances(weighting)[0]), candidate.artwork)
            for candidate, parts in nearest.read.items()
        )
        ranked = [each.artwork for each in nearest.candidates]
        assert ranked == [pk for _, pk in by_distance[:LIMIT]]


def test_the_default_budget_is_a_setting(eighty, settings):
    settings.STYLESIM_REFINE = 12
    weighting = Weighting(0, 1)
    found = search_all(eighty, weighting)
    assert max(len(nearest.read) for nearest in found) == 12
    check_nearest(eighty, weighting, found)


def test_bounds_leave_little_to_read(eighty, count_reads):
    query = {1: next(iter(eighty.values()))}
    search_all(query, Weighting(0, 1))
    assert count_reads() < 40
    search_all(query, Weighting(0, 1), UnboundedStore())
    assert count_reads() == 80


def test_what_several_searches_ask_for_is_read_once_a_round(eighty, count_reads):
    query = next(iter(eighty.values()))
    search_all({1: query}, Weighting())
    alone = count_reads()
    search_all({1: query, 2: query, 3: query}, Weighting())
    assert count_reads() == alone


def test_without_bounds_everything_is_read_whatever_the_budget(eighty):
    weighting = Weighting()
    found = search_all(eighty, weighting, UnboundedStore(), budget=1)
    assert check_nearest(eighty, weighting, found) == 80


# Who is a candidate


@pytest.mark.parametrize("share", [2, 5, 16, 40])
def test_candidates_are_chosen_before_they_are_ranked(eighty, share, settings):
    """However few there are, and however far."""
    settings.STYLESIM_REFINE = 20
    allowed = list(eighty)[::share]
    candidates = StoredDescriptor.objects.filter(entry__artwork__in=allowed)
    for weighting in (Weighting(), Weighting(0, 1)):
        found = search_all(eighty, weighting, candidates=candidates)
        certified = check_nearest(eighty, weighting, found, allowed)
        assert certified == 80 or len(allowed) > 20
        for nearest in found:
            assert len(nearest.candidates) == min(LIMIT, len(allowed))
            assert {each.artwork for each in nearest.candidates} <= set(allowed)


@pytest.mark.parametrize("queries", [1, 80])
@pytest.mark.parametrize("artworks", [Artwork.objects.none, lambda: Artwork.objects.filter(pk=0)])
def test_no_candidates_give_a_certain_empty_answer(eighty, artworks, queries):
    """As a host's rule of visibility may say, in a way that Django knows or one that it asks."""
    some = dict(list(eighty.items())[:queries])
    candidates = StoredDescriptor.objects.filter(entry__artwork__in=artworks())
    for nearest in search_all(some, Weighting(), candidates=candidates):
        assert nearest.candidates == []
        assert nearest.certified


def test_the_farthest_works_are_found_if_no_others_may_be(eighty):
    """Filters that leave only what the bounds put last."""
    pk, query = next(iter(eighty.items()))
    others = {key: each for key, each in eighty.items() if key != pk}
    by_distance = synthetic.brute_force(query, others, Weighting(), 79)
    last = [key for key, _ in by_distance[-12:]]
    candidates = StoredDescriptor.objects.filter(entry__artwork__in=last)
    (nearest,) = search_all({pk: query}, Weighting(), candidates=candidates)
    assert [each.artwork for each in nearest.candidates] == last[:LIMIT]
    assert nearest.certified


@pytest.mark.parametrize("preset", PRESETS)
def test_answers_under_visibility_filters_and_exclusion(eighty, preset):
    works = Artwork.objects.all()
    public = works.filter(is_public=True)
    cases = [
        (works, works, False),
        (public, public, False),
        (public, public.filter(collection="Collection 1"), False),
        (works, works, True),
        (public, public.filter(collection="Collection 2"), True),
    ]
    for artwork in works.filter(pk__in=list(eighty)[::40]):
        for visible, candidates, exclude in cases:
            for limit in (7, 100):
                options = RankingOptions(preset=preset, limit=limit, exclude_same_artist=exclude)
                answer = find_similar(artwork, options, visible, candidates)
                others = candidates.exclude(pk=artwork.pk)
                if exclude:
                    others = others.exclude(artist=artwork.artist)
                among = {pk: eighty[pk] for pk in others.values_list("pk", flat=True)}
                expected = synthetic.brute_force(eighty[artwork.pk], among, answer.weighting, limit)
                assert [each.artwork.pk for each in answer.results] == [pk for pk, _ in expected]
                assert answer.certified
                assert (answer.indexed, answer.visible) == (visible.count(), visible.count())


# What changes


def test_a_work_that_was_stored_or_deleted_counts_at_once(eighty):
    pk, query = next(iter(eighty.items()))
    store = serving_store()
    (before,) = search_all({pk: query}, Weighting(), store)
    second = before.candidates[1].artwork
    twin = synthetic.store_works([query])
    for key in twin:
        synthetic.describe_artwork(key, query, "new")
    Artwork.objects.get(pk=second).delete()
    (after,) = search_all({pk: query}, Weighting(), store)
    found = [each.artwork for each in after.candidates]
    assert found[:2] == [pk, *twin]
    assert second not in found
    assert after.certified


def test_a_damaged_work_is_left_out_and_suspected(eighty):
    pk, query = next(iter(eighty.items()))
    (before,) = search_all({pk: query}, Weighting())
    third = before.candidates[2]
    files.private_storage().delete(third.file_name)
    (after,) = search_all({pk: query}, Weighting())
    assert third not in after.candidates
    assert not after.certified
    assert StoredDescriptor.objects.get(pk=third.stored).suspected_at is not None
    repair.settle(StoredDescriptor.objects.filter(suspected_at__isnull=False))
    assert not StoredDescriptor.objects.filter(pk=third.stored).exists()
    (again,) = search_all({pk: query}, Weighting())
    assert again.certified
    assert again.candidates == after.candidates


# Reading


def test_few_descriptors_are_fetched_ahead_and_damage_is_reported(eighty, monkeypatch):
    monkeypatch.setattr(reading, "AHEAD", 7)
    fetched, ahead = [], []
    read = files.fetch

    def note(name):
        fetched.append(name)
        return read(name)

    monkeypatch.setattr(files, "fetch", note)
    rows = list(StoredDescriptor.objects.select_related("entry"))
    files.private_storage().delete(rows[11].file_name)
    reported: list[int] = []
    monkeypatch.setattr(
        repair, "settle", lambda stored: reported.extend(each.pk for each in stored)
    )
    found = {}
    for key, descriptor in reading.read_each({each.pk: each.file_name for each in rows}):
        found[key] = descriptor
        ahead.append(len(fetched) - len(found))
    # One more for the file that is lost.
    assert max(ahead) <= 9
    assert list(found) == [each.pk for each in rows if each != rows[11]]
    assert reported == [rows[11].pk]
    for row in rows[:11]:
        np.testing.assert_array_equal(found[row.pk].content, eighty[row.entry.artwork_id].content)
