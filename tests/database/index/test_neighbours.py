"""Lists of neighbours: when they answer, what they never show, and how they are repaired."""

from __future__ import annotations

import math

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from stylesim_app import files
from stylesim_app.index import compact_index, neighbours, reading, repair, sets, upkeep
from stylesim_app.index.nearest import find_nearest
from stylesim_app.index.serving import Serving
from stylesim_app.models import Artwork, DescriptorSet, IndexEntry, Neighbour, StoredDescriptor
from stylesim_app.ranking import similar
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
from tests import synthetic

ListState = StoredDescriptor.ListState
WEIGHTING = neighbours.WEIGHTING


@pytest.fixture
def listed(eighty):
    """As ``eighty``, with all lists made."""
    assert upkeep.maintain(60, idle=True)
    assert neighbours.count_missing(sets.serving_set()) == 0
    return eighty


@pytest.fixture
def searches(monkeypatch):
    """How many answers had to be searched for, since no list told them."""
    counted = []

    def count(*arguments):
        counted.append(1)
        return find_nearest(*arguments)

    monkeypatch.setattr(similar, "find_nearest", count)
    return counted


def stored_of(pk: int) -> StoredDescriptor:
    return StoredDescriptor.objects.get(entry__artwork=pk)


def rank(pk, works, candidates=None, **options):
    """The answer, after a comparison with the formula."""
    visible = Artwork.objects.all()
    candidates = visible if candidates is None else candidates
    asked = RankingOptions(**{"limit": 10, **options})
    answer = find_similar(Artwork.objects.get(pk=pk), asked, visible, candidates)
    among = {key: works[key] for key in candidates.exclude(pk=pk).values_list("pk", flat=True)}
    expected = synthetic.brute_force(works[pk], among, answer.weighting, asked.limit)
    found = [(each.artwork.pk, each.distance) for each in answer.results]
    if answer.certified:
        assert [key for key, _ in found] == [key for key, _ in expected]
        for (_, distance), (_, literal) in zip(found, expected, strict=True):
            assert distance == pytest.approx(literal, rel=1e-9)
    return answer


def add(descriptor) -> int:
    """A new work, described and in the store, but on no list."""
    (pk,) = synthetic.store_works([descriptor])
    with transaction.atomic():
        compact_index.add_to_stores(stored_of(pk), descriptor)
    return pk


def share_of_right_entries(works) -> float:
    """How many lines of all lists are those that the formula gives."""
    right = total = 0
    for owner in StoredDescriptor.objects.select_related("entry"):
        pk = owner.entry.artwork_id
        others = {key: each for key, each in works.items() if key != pk}
        nearest = synthetic.brute_force(works[pk], others, WEIGHTING, neighbours.LIST_LENGTH)
        expected = {key for key, _ in nearest}
        found = Neighbour.objects.filter(owner=owner)
        right += len(expected & set(found.values_list("neighbour__entry__artwork", flat=True)))
        total += len(expected)
    return right / total


# Answers


def test_a_list_answers_without_a_search(listed, searches):
    for pk in list(listed)[::9]:
        for limit in (1, 10, 50):
            answer = rank(pk, listed, limit=limit)
            assert answer.certified
            assert len(answer.results) == limit
    assert searches == []


def test_a_list_is_one_query(listed):
    """Beside the one that asks whether a new work has yet to enter it."""
    stored = stored_of(next(iter(listed)))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        ranking = neighbours.rank_listed(stored, Artwork.objects.all(), 50)
    assert len(ranking.candidates) == 50
    assert len(queries) == 2
    assert sum("stylesim_app_neighbour" in query["sql"] for query in queries) == 1


def test_a_list_reads_no_descriptor(listed, monkeypatch):
    monkeypatch.setattr(files, "fetch", lambda name: pytest.fail(f"{name} is read"))
    monkeypatch.setattr(Serving, "pairs", None)
    rank(next(iter(listed)), listed)


def test_other_weights_are_searched_for(listed, searches):
    pk = next(iter(listed))
    rank(pk, listed, preset="style")
    rank(pk, listed, layer_weights=(1.0, 0.0, 0.0, 0.0, 0.0))
    assert len(searches) == 2
    rank(pk, listed, preset="balanced", style_weight=1.0, content_weight=1e-4)
    assert len(searches) == 2


def test_more_than_the_list_holds_is_searched_for(listed, searches):
    answer = rank(next(iter(listed)), listed, limit=60)
    assert len(answer.results) == 60
    assert len(searches) == 1


def test_filters_that_leave_enough_of_a_list_are_answered_by_it(listed, searches):
    pk = next(iter(listed))
    public = Artwork.objects.filter(is_public=True)
    rank(pk, listed, public)
    assert searches == []
    few = public.filter(collection="Collection 1", artist="Artist 2")
    answer = rank(pk, listed, few)
    assert len(answer.results) == few.exclude(pk=pk).count() < 10
    assert len(searches) == 1


def test_a_list_that_holds_all_works_needs_no_search(db, small_network, searches):
    works = synthetic.store_works(synthetic.draw_small(20))
    assert upkeep.maintain(60, idle=True)
    answer = rank(next(iter(works)), works, limit=50)
    assert len(answer.results) == 19
    few = Artwork.objects.filter(collection="Collection 1")
    rank(next(iter(works)), works, few, limit=50)
    assert searches == []


def test_what_is_not_visible_is_not_on_the_list(listed, searches):
    pk = next(iter(listed))
    nearest = rank(pk, listed).results[0].artwork
    Artwork.objects.filter(pk=nearest.pk).update(is_public=False)
    public = Artwork.objects.filter(is_public=True)
    answer = find_similar(Artwork.objects.get(pk=pk), RankingOptions(), public, public)
    shown = [each.artwork.pk for each in answer.results]
    assert nearest.pk not in shown
    assert set(shown) <= set(public.values_list("pk", flat=True))
    assert (answer.indexed, answer.visible) == (public.count(), public.count())
    rank(pk, listed, public)
    assert searches == []


# What comes and goes


@pytest.mark.parametrize("idle", [False, True])
def test_lists_do_not_answer_until_a_new_work_has_entered_them(listed, searches, idle):
    pk, descriptor = next(iter(listed.items()))
    twin = add(descriptor)
    listed[twin] = descriptor
    if idle:
        assert upkeep.maintain(60, idle=True)
    for key in (pk, twin):
        answer = rank(key, listed)
        assert {pk, twin} & {each.artwork.pk for each in answer.results}
    assert bool(searches) is not idle


def test_a_new_work_enters_the_lists_that_it_belongs_to_and_no_others(listed):
    before = set(Neighbour.objects.values_list("owner", "neighbour"))
    pk = add(synthetic.draw_small(1, seed=21)[0])
    listed[pk] = synthetic.draw_small(1, seed=21)[0]
    assert upkeep.maintain(60, idle=True)
    new = stored_of(pk).pk
    after = set(Neighbour.objects.values_list("owner", "neighbour"))
    entered = {owner for owner, neighbour in after if neighbour == new}
    assert {owner for owner, neighbour in after - before} == entered | {new}
    # For each work that left a list, the new one came.
    assert len(before - after) == len(entered)
    assert share_of_right_entries(listed) == 1


def test_a_deletion_tears_the_lists_that_it_was_on(listed, searches, monkeypatch):
    gone = list(listed)[4]
    on = set(
        Neighbour.objects.filter(neighbour__entry__artwork=gone).values_list("owner", flat=True)
    )
    Artwork.objects.get(pk=gone).delete()
    del listed[gone]
    torn = StoredDescriptor.objects.filter(list_state=ListState.TORN)
    assert set(torn.values_list("pk", flat=True)) == on
    assert 0 < len(on) < 79
    owner = torn.select_related("entry").first().entry.artwork_id
    whole = StoredDescriptor.objects.filter(list_state=ListState.WHOLE).select_related("entry")
    rank(owner, listed)
    assert len(searches) == 1
    rank(whole.first().entry.artwork_id, listed)
    assert len(searches) == 1
    assert upkeep.maintain(60, idle=True)
    assert share_of_right_entries(listed) == 1
    rank(owner, listed)
    assert len(searches) == 1


def test_a_damaged_descriptor_tears_lists_as_a_deletion_does(listed):
    lost = stored_of(list(listed)[4])
    on = set(lost.listed_by.values_list("owner", flat=True))
    files.delete([lost.file_name])
    repair.settle(StoredDescriptor.objects.filter(pk=lost.pk))
    torn = StoredDescriptor.objects.filter(list_state=ListState.TORN)
    assert set(torn.values_list("pk", flat=True)) == on
    assert IndexEntry.objects.get(artwork=list(listed)[4]).state == "failed"


def test_damage_that_is_found_while_lists_are_made_is_left_out(eighty):
    lost = list(eighty)[4]
    files.private_storage().delete(stored_of(lost).file_name)
    while not upkeep.maintain(60, idle=True):
        pass
    del eighty[lost]
    assert share_of_right_entries(eighty) == 1


def test_a_work_stored_beside_a_torn_list_enters_it_once(listed, monkeypatch):
    """The list that is made again has it already when it is to enter."""
    pk, descriptor = next(iter(listed.items()))
    gone = rank(pk, listed).results[5].artwork
    twin = add(descriptor)
    listed[twin] = descriptor
    del listed[gone.pk]
    gone.delete()
    steps = []
    assert upkeep.maintain(60, idle=True, on_step=lambda: steps.append(1))
    assert len(steps) < 5
    assert Neighbour.objects.filter(owner=stored_of(pk), neighbour=stored_of(twin)).count() == 1
    assert share_of_right_entries(listed) == 1


@pytest.mark.release
def test_of_many_new_works_all_lists_are_made_anew(listed, monkeypatch):
    """As cheap as a new collection, where entering one after another would be dear."""
    for descriptor in synthetic.draw_small(90, seed=8):
        listed[add(descriptor)] = descriptor
    monkeypatch.setattr(neighbours, "_enter", lambda *_: pytest.fail("entered one by one"))
    assert upkeep.maintain(60, idle=True)
    assert share_of_right_entries(listed) == 1


# Budgets


def test_with_the_default_budget_lists_are_right(listed):
    """Eighty works are fewer than 200, so that all can be read: 100 % of the entries."""
    for descriptor in synthetic.draw_small(6, seed=30):
        pk = add(descriptor)
        listed[pk] = descriptor
        assert upkeep.maintain(60, idle=True)
    assert share_of_right_entries(listed) == 1


@pytest.mark.release
def test_with_a_tight_budget_most_entries_are_right(eighty, settings, monkeypatch):
    """A fifth of the works is read for each list, and each new work may settle as many; the
    bounds of the small network are wide."""
    monkeypatch.setattr(neighbours, "LIST_LENGTH", 8)
    settings.STYLESIM_REFINE = 16
    assert upkeep.maintain(60, idle=True)
    for descriptor in synthetic.draw_small(12, seed=31):
        pk = add(descriptor)
        eighty[pk] = descriptor
        assert upkeep.maintain(60, idle=True)
    assert 0.85 < share_of_right_entries(eighty) < 1
    for pk in list(eighty)[::3]:
        rank(pk, eighty, limit=4)


def test_a_budget_of_one_is_never_wrong_where_it_is_certain(
    eighty, settings, monkeypatch, searches
):
    """What a list may lack is known: up to its horizon it lacks nothing."""
    monkeypatch.setattr(neighbours, "LIST_LENGTH", 5)
    settings.STYLESIM_REFINE = 1
    assert upkeep.maintain(60, idle=True)
    for descriptor in synthetic.draw_small(10, seed=32):
        pk = add(descriptor)
        eighty[pk] = descriptor
        assert upkeep.maintain(60, idle=True)
    horizons = StoredDescriptor.objects.values_list("list_horizon", flat=True)
    assert all(horizon < math.inf for horizon in horizons)
    certified = [
        rank(pk, eighty, limit=limit).certified for pk in list(eighty)[::3] for limit in (1, 2, 5)
    ]
    assert searches == []
    assert {True, False} == set(certified)
    assert share_of_right_entries(eighty) < 1


def test_an_unsettled_work_lowers_the_horizon_of_the_lists_it_might_enter(listed, settings):
    settings.STYLESIM_REFINE = 1
    descriptor = next(iter(listed.values()))
    twin = add(descriptor)
    assert upkeep.maintain(60, idle=True)
    entered = Neighbour.objects.filter(neighbour__entry__artwork=twin).values("owner")
    missed = 0
    for stored in StoredDescriptor.objects.exclude(pk__in=entered).select_related("entry"):
        if stored.entry.artwork_id == twin:
            continue
        distance = synthetic.formula(listed[stored.entry.artwork_id], descriptor, WEIGHTING)
        if distance < stored.list_reach:
            missed += 1
            assert stored.list_horizon <= distance
    assert missed


# Other hands


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", ["list", "entry"])
def test_a_work_deleted_while_lists_are_made_is_on_none(small_network, monkeypatch, moment):
    """Between the moment when it is measured and the moment when the list is written."""
    monkeypatch.setattr(neighbours, "LIST_LENGTH", 5)
    works = synthetic.store_works(synthetic.draw_small(20))
    upkeep.maintain(60, idle=moment == "entry")
    if moment == "entry":
        descriptor = works[list(works)[6]]
        works[add(descriptor)] = descriptor
    gone = list(works)[6]
    measure = reading.measure

    def measure_then_delete(requests):
        measured = measure(requests)
        Artwork.objects.filter(pk=gone).delete()
        return measured

    monkeypatch.setattr(reading, "measure", measure_then_delete)
    while not upkeep.maintain(60, idle=True):
        pass
    monkeypatch.setattr(reading, "measure", measure)
    del works[gone]
    assert StoredDescriptor.objects.count() == len(works)
    assert share_of_right_entries(works) == 1
    assert neighbours.count_missing(sets.serving_set()) == 0


def test_no_lists_are_torn_in_a_set_that_goes_as_a_whole(listed):
    """A set that serves no more is dropped without a look at its lists."""
    DescriptorSet.objects.update(serving=False)
    stored = stored_of(next(iter(listed)))
    with CaptureQueriesContext(connection) as queries:
        neighbours.tear(stored)
    assert not StoredDescriptor.objects.filter(list_state=ListState.TORN).exists()
    assert len(queries) <= 2
