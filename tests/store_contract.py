"""The contract that every store passes."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction

from stylesim_app.core.bounds import Bounds, CompactTable
from stylesim_app.core.compression import CompactDescriptor, Compressor
from stylesim_app.core.descriptors import LAYERS, Descriptor
from stylesim_app.core.distances import DistanceParts, Weighting, measure_parts
from stylesim_app.models import Artwork, CompactIndex, DescriptorSet, IndexEntry, StoredDescriptor
from stylesim_app.stores import import_store
from stylesim_app.stores.unbounded import UnboundedStore

from . import synthetic

WORKS = 30
SAMPLE = 16
SIZE = 8
WEIGHTINGS = {
    "paper": Weighting(),
    "style": Weighting(1, 0),
    "content": Weighting(0, 1),
    "one layer": Weighting(1, 0, (0, 0, 1, 0, 0)),
    "uneven": Weighting(0.3, 0.01, (0, 5, 0.5, 0, 1)),
    "huge": Weighting(1e100, 1e100, (1e100,) * 5),
}


@dataclass
class Drawn:
    """Descriptors, of which the last is as the one before, and their projections."""

    descriptors: list[Descriptor]
    compressor: Compressor
    compacts: list[CompactDescriptor]

    def distances(self, query: int, weighting: Weighting) -> np.ndarray:
        parts = (measure_parts(self.descriptors[query], other) for other in self.descriptors)
        return DistanceParts.stack(parts).distances(weighting)

    def bounds(self, query: int, weighting: Weighting) -> Bounds:
        numbers = [np.stack([each.layer(layer) for each in self.compacts]) for layer in LAYERS]
        norms = np.stack([np.stack([c.squares, c.residuals], axis=1) for c in self.compacts])
        table = CompactTable(
            dict(zip(LAYERS, numbers, strict=True)),
            {layer: norms[:, at] for at, layer in enumerate(LAYERS)},
        )
        return table.bound([self.compacts[query]], weighting)


def draw() -> Drawn:
    with pytest.MonkeyPatch.context() as patch:
        synthetic.shrink_network(patch)
        descriptors = synthetic.draw_small(WORKS - 1)
        descriptors.append(descriptors[-1])
        compressor = Compressor.fit(lambda: descriptors[:SAMPLE])
    return Drawn(descriptors, compressor, [compressor.compress(each) for each in descriptors])


class Shelf:
    """A store, and the works that are in it: ``keys[i]`` is stored of ``drawn.descriptors[i]``."""

    def __init__(self, drawn: Drawn, store_name: str, size: int = WORKS) -> None:
        self.drawn = drawn
        self.store_name = store_name
        self.descriptor_set = DescriptorSet.objects.create(
            digest="drawn", provenance=drawn.descriptors[0].provenance.to_json(), serving=True
        )
        self.index = self.add_index(size)
        self.store = self.open()
        self.keys: list[int] = []

    def add_index(self, size: int = WORKS) -> CompactIndex:
        count = CompactIndex.objects.count()
        return CompactIndex.objects.create(
            descriptor_set=self.descriptor_set,
            collection_size=size,
            bases_name=f"calibrations/{count}.safetensors",
            store=self.store_name,
        )

    def open(self) -> Any:
        if self.store_name == "unbounded":
            return UnboundedStore()
        return import_store(self.store_name)(self.index, self.drawn.compressor)

    def describe(self, count: int) -> list[int]:
        """Rows of so many more works, not added to the store yet."""
        # The order of the artworks is not that of the rows.
        artworks = [Artwork(title="drawn", is_public=True) for _ in range(count)]
        artworks = Artwork.objects.bulk_create(artworks)[::-1]
        entries = IndexEntry.objects.bulk_create(IndexEntry(artwork=each) for each in artworks)
        stored = StoredDescriptor.objects.bulk_create(
            StoredDescriptor(entry=each, descriptor_set=self.descriptor_set, file_name=str(each.pk))
            for each in entries
        )
        return [each.pk for each in stored]

    def add(self, count: int) -> None:
        known = len(self.keys)
        self.keys += self.describe(count)
        added = zip(self.keys[known:], self.drawn.compacts[known:], strict=False)
        if self.store.bounded:
            with transaction.atomic():
                self.store.add_compact(dict(added))

    def described(self) -> Any:
        return StoredDescriptor.objects.filter(descriptor_set=self.descriptor_set)

    def shortlist(self, query: int, weighting: Weighting = WEIGHTINGS["paper"], **options: Any):
        (listed,) = self.store.shortlists(
            [self.drawn.descriptors[query]],
            weighting,
            options.get("candidates", self.described()),
            options.get("size", SIZE),
        )
        return listed

    def listed(self, query: int, **options: Any) -> set[int]:
        """Which of the drawn works are on a shortlist."""
        return self.places(self.shortlist(query, **options))

    def places(self, shortlisted: Any) -> set[int]:
        return {self.keys.index(each.stored) for each in shortlisted.candidates}


class StoreContract:
    """What a search relies on, whichever the store."""

    store_name: str

    @pytest.fixture
    def shelf(self, drawn: Drawn, db: None) -> Shelf:
        shelf = Shelf(drawn, self.store_name)
        shelf.add(WORKS)
        return shelf

    @pytest.mark.parametrize("weighting", WEIGHTINGS.values(), ids=WEIGHTINGS)
    def test_no_distance_is_below_its_bound(self, shelf, drawn, weighting):
        distances = drawn.distances(0, weighting) * (1 + 1e-6)
        listed = shelf.shortlist(0, weighting)
        for candidate, bound in zip(listed.candidates, listed.lower, strict=True):
            assert bound <= distances[shelf.keys.index(candidate.stored)]
        others = set(range(WORKS)) - shelf.places(listed)
        assert all(listed.rest <= distances[other] for other in others)

    def test_candidates_come_by_artwork_with_their_rows(self, shelf):
        listed = shelf.shortlist(3)
        artworks = [candidate.artwork for candidate in listed.candidates]
        assert artworks == sorted(artworks)
        for candidate in listed.candidates:
            stored = StoredDescriptor.objects.select_related("entry").get(pk=candidate.stored)
            assert candidate.artwork == stored.entry.artwork_id
            assert (candidate.entry, candidate.file_name) == (stored.entry_id, stored.file_name)

    def test_of_works_that_are_equal_both_are_listed(self, shelf):
        listed = shelf.shortlist(WORKS - 1, size=2)
        assert {WORKS - 2, WORKS - 1} <= shelf.places(listed)
        numbers = {shelf.keys.index(c.stored): at for at, c in enumerate(listed.candidates)}
        lower = listed.lower
        assert lower[numbers[WORKS - 2]] == lower[numbers[WORKS - 1]]

    def test_candidates_are_filtered_before_they_are_chosen(self, shelf, drawn):
        farthest = np.argsort(drawn.distances(0, WEIGHTINGS["paper"]))[-5:]
        candidates = shelf.described().filter(pk__in=[shelf.keys[at] for at in farthest])
        listed = shelf.shortlist(0, candidates=candidates)
        assert shelf.places(listed) == set(farthest)
        assert listed.rest == np.inf

    def test_without_candidates_nothing_is_listed(self, shelf, drawn):
        nobody = StoredDescriptor.objects
        for candidates in (nobody.none(), nobody.filter(pk__in=[]), nobody.filter(file_name="-")):
            many = shelf.store.shortlists(drawn.descriptors, Weighting(), candidates, SIZE)
            for listed in (shelf.shortlist(0, candidates=candidates), *many):
                assert listed.candidates == []
                assert listed.rest == np.inf

    def test_more_than_there_are_may_be_asked_for(self, shelf):
        listed = shelf.shortlist(0, size=1000)
        assert shelf.places(listed) == set(range(WORKS))
        assert listed.rest == np.inf

    def test_what_is_deleted_is_listed_no_more(self, shelf):
        assert 5 in shelf.listed(5)
        StoredDescriptor.objects.get(pk=shelf.keys[5]).delete()
        assert len(shelf.shortlist(5).candidates) >= SIZE
        assert shelf.keys[5] not in [each.stored for each in shelf.shortlist(5).candidates]

    def test_what_is_added_is_listed_at_once(self, drawn, db):
        shelf = Shelf(drawn, self.store_name)
        assert shelf.shortlist(0).candidates == []
        for count in (1, 4, WORKS - 5):
            shelf.add(count)
            last = len(shelf.keys) - 1
            assert last in shelf.listed(last)

    @pytest.mark.django_db(transaction=True)
    def test_what_another_process_adds_is_listed_at_once(self, drawn, transactional_db):
        shelf = Shelf(drawn, self.store_name)
        shelf.add(10)
        shelf.shortlist(0)

        def add() -> None:
            try:
                shelf.store, own = shelf.open(), shelf.store
                shelf.add(10)
                shelf.store = own
            finally:
                connection.close()

        other = threading.Thread(target=add)
        other.start()
        other.join()
        assert 15 in shelf.listed(15)

    def test_whoever_is_within_reach_is_found(self, shelf, drawn):
        weighting = WEIGHTINGS["paper"]
        distances = drawn.distances(0, weighting)
        factors = np.random.default_rng(0).uniform(0.3, 1.7, WORKS)
        reaches = dict(zip(shelf.keys, distances * factors, strict=True))
        reaches[shelf.keys[7]] = np.inf
        for key, reach in reaches.items():
            StoredDescriptor.objects.filter(pk=key).update(list_reach=reach)
        owners = shelf.described().exclude(pk=shelf.keys[9])
        reachable = shelf.store.reachable(drawn.descriptors[0], weighting, owners)
        found = [shelf.keys.index(owner.stored) for owner in reachable.candidates]
        within = {at for at, key in enumerate(shelf.keys) if distances[at] <= reaches[key]} - {9}
        assert within <= set(found) <= set(range(WORKS)) - {9}
        assert np.all(reachable.lower <= distances[found])
        assert reachable.reaches.tolist() == [reaches[shelf.keys[at]] for at in found]
        self.check_reachable(found, reachable, drawn.bounds(0, weighting), reaches, shelf)

    def check_reachable(self, found, reachable, bounds, reaches, shelf) -> None:
        """What is expected besides."""

    def test_nobody_may_be_within_reach(self, shelf, drawn):
        nobody = StoredDescriptor.objects.none()
        reachable = shelf.store.reachable(drawn.descriptors[0], Weighting(), nobody)
        assert reachable.candidates == []
        assert (reachable.lower.shape, reachable.reaches.shape) == ((0,), (0,))


class CompactContract(StoreContract):
    """What is expected of a store that bounds distances, besides."""

    @pytest.mark.parametrize("weighting", WEIGHTINGS.values(), ids=WEIGHTINGS)
    def test_the_least_are_listed_as_numpy_finds_them(self, shelf, drawn, weighting):
        bounds = drawn.bounds(0, weighting)
        listed = shelf.shortlist(0, weighting)
        places = shelf.places(listed)
        assert len(places) < WORKS
        for expected, actual in (
            (bounds.estimate(weighting)[0], listed.estimates),
            (bounds.lower(weighting)[0], listed.lower),
        ):
            assert set(np.argsort(expected)[:SIZE]) <= places
            order = [shelf.keys.index(each.stored) for each in listed.candidates]
            scale = expected.max()
            assert actual / scale == pytest.approx(expected[order] / scale, abs=2e-3)
        others = np.delete(bounds.lower(weighting)[0], list(places))
        assert listed.rest <= others.min() * (1 + 1e-5)
        assert listed.rest >= np.sort(bounds.lower(weighting)[0])[SIZE] * (1 - 1e-5)

    def test_weights_may_be_so_small_that_they_vanish(self, shelf):
        for weighting in (
            Weighting(1e-300, 1e-300, (1e-300,) * 5),
            Weighting(5e-324, 0),
            Weighting(1, 1e-320, (1, 1e-320, 0, 0, 0)),
        ):
            listed = shelf.shortlist(0, weighting)
            assert len(listed.candidates) >= SIZE
            assert np.all(listed.lower <= listed.estimates)

    def test_many_queries_are_answered_as_one(self, shelf, drawn):
        weighting = WEIGHTINGS["uneven"]
        many = shelf.store.shortlists(drawn.descriptors, weighting, shelf.described(), SIZE)
        assert len(many) == WORKS
        for query, listed in enumerate(many):
            alone = shelf.shortlist(query, weighting)
            numbers = dict(zip(listed.candidates, listed.estimates, strict=True))
            expected = dict(zip(alone.candidates, alone.estimates, strict=True))
            for candidate in numbers.keys() & expected.keys():
                assert numbers[candidate] == pytest.approx(expected[candidate], rel=1e-3, abs=1e-2)
            best = np.argsort(alone.estimates)[: SIZE - 1]
            assert {alone.candidates[at] for at in best} <= numbers.keys()
            assert listed.rest == pytest.approx(alone.rest, rel=0.2)

    def test_what_is_lacking_is_what_was_not_added(self, drawn, db):
        shelf = Shelf(drawn, self.store_name)
        later = shelf.describe(2)
        assert set(shelf.store.lacking(shelf.described()).values_list("pk", flat=True)) == {*later}
        with transaction.atomic():
            shelf.store.add({later[0]: drawn.descriptors[0]})
        assert shelf.store.lacking(shelf.described()).get().pk == later[1]
        assert not shelf.store.lacking(shelf.described().filter(pk=later[0])).exists()

    def test_each_index_has_rows_of_its_own(self, shelf, drawn):
        old = shelf.store
        shelf.index = shelf.add_index()
        shelf.store = shelf.open()
        assert shelf.store.lacking(shelf.described()).count() == WORKS
        assert shelf.shortlist(0).candidates == []
        StoredDescriptor.objects.update(list_reach=np.inf)
        reachable = shelf.store.reachable(drawn.descriptors[0], Weighting(), shelf.described())
        assert reachable.candidates == []
        with transaction.atomic():
            shelf.store.add_compact({shelf.keys[3]: drawn.compacts[3]})
        assert shelf.listed(0) == {3}
        shelf.store = old
        assert len(shelf.shortlist(0).candidates) >= SIZE

    def test_an_index_that_was_replaced_is_not_taken_for_an_empty_collection(self, shelf, drawn):
        StoredDescriptor.objects.update(list_reach=np.inf)
        CompactIndex.objects.all().delete()
        with pytest.raises(CompactIndex.DoesNotExist):
            shelf.shortlist(0)
        with pytest.raises(CompactIndex.DoesNotExist):
            shelf.store.shortlists(drawn.descriptors, Weighting(), shelf.described(), SIZE)
        with pytest.raises(CompactIndex.DoesNotExist):
            shelf.store.reachable(drawn.descriptors[0], Weighting(), shelf.described())

    def check_reachable(self, found, reachable, bounds, reaches, shelf) -> None:
        assert len(found) < WORKS - 1
        likelihood = [bounds.estimate(Weighting())[0][at] - reaches[shelf.keys[at]] for at in found]
        assert likelihood == pytest.approx(sorted(likelihood), abs=1e-3)
