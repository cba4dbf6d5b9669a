"""Lists of neighbours equal those of the formula, whatever happens to a collection.

A few sequences are tried each time; ``STYLESIM_EXAMPLES=500`` tries that many.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    precondition,
    rule,
    run_state_machine_as_test,
)

from stylesim_app import files
from stylesim_app.core.descriptors import LAYERS, Descriptor
from stylesim_app.core.distances import measure_parts
from stylesim_app.index import calibration, compact_index, neighbours, repair, upkeep
from stylesim_app.models import Artwork, Neighbour, StoredDescriptor
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
from stylesim_app.work import worklist
from tests import synthetic

LIST_LENGTH = 4
WEIGHTING = neighbours.WEIGHTING
ListState = StoredDescriptor.ListState


def check_lists(works) -> None:
    """Each list, line by line, against the formula for all other works, by artwork key."""
    for owner in StoredDescriptor.objects.filter(descriptor_set__serving=True):
        pk = owner.entry.artwork_id
        others = {key: each for key, each in works.items() if key != pk}
        expected = synthetic.brute_force(works[pk], others, WEIGHTING, LIST_LENGTH)
        lines = Neighbour.objects.filter(owner=owner).order_by(
            "distance", "neighbour__entry__artwork_id"
        )
        found = list(lines.values_list("neighbour__entry__artwork", "distance", *LAYERS))
        assert [key for key, *_ in found] == [key for key, _ in expected]
        for key, distance, *parts in found:
            layers, content = measure_parts(works[pk], works[key])
            assert parts == [*layers, content]
            assert distance == pytest.approx(dict(expected)[key], rel=1e-12)
        full = len(expected) == LIST_LENGTH
        assert owner.list_state == ListState.WHOLE
        assert owner.list_reach == (found[-1][1] if full else np.inf)
        assert owner.list_horizon > owner.list_reach or owner.list_horizon == np.inf


class Collection(RuleBasedStateMachine):
    """Artworks come, change and go; workers maintain the collection, or are cut short.

    ``works`` is what the collection should hold: descriptors by artwork key.
    """

    artworks = Bundle("artworks")
    #: Some of these look exactly alike.
    pool = st.integers(0, 13)

    def __init__(self) -> None:
        super().__init__()
        self.works: dict[int, Descriptor] = {}
        self.pictures = 0
        drawn = synthetic.draw_small(11)
        self.drawn = [*drawn, drawn[3], drawn[3], drawn[5]]
        # All that the example writes is undone at its end.
        self.example = transaction.atomic()
        self.example.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    def describe(self, pk: int, picture: int) -> None:
        self.pictures += 1
        synthetic.describe_artwork(pk, self.drawn[picture], f"picture {self.pictures}")
        self.works[pk] = self.drawn[picture]

    @rule(target=artworks, picture=pool)
    def add(self, picture):
        artwork = Artwork.objects.create(title=f"work {picture}", image=f"{picture}.png")
        worklist.request_new_picture(artwork.pk, "1.png")
        self.describe(artwork.pk, picture)
        return artwork.pk

    @rule(target=artworks, pictures=st.lists(pool, min_size=2, max_size=9))
    def add_many(self, pictures):
        keys = synthetic.store_works([self.drawn[each] for each in pictures])
        for stored in StoredDescriptor.objects.filter(entry__artwork__in=keys):
            with transaction.atomic():
                compact_index.add_to_stores(stored, keys[stored.entry.artwork_id])
        self.works |= keys
        return max(keys)

    @rule(pk=artworks, picture=pool)
    def replace(self, pk, picture):
        """Its file is another: the old descriptor goes, the new one is stored later."""
        worklist.request_new_picture(pk, "2.png")
        self.describe(pk, picture)

    @rule(pk=artworks, picture=pool)
    def describe_again(self, pk, picture):
        """The old descriptor serves until the new one takes its place."""
        self.describe(pk, picture)

    @rule(pk=consumes(artworks))
    def delete(self, pk):
        Artwork.objects.get(pk=pk).delete()
        del self.works[pk]

    @rule(pk=consumes(artworks))
    def lose(self, pk):
        """The file of a descriptor turns out to be damaged."""
        stored = StoredDescriptor.objects.get(entry__artwork=pk)
        files.delete([stored.file_name])
        repair.settle(StoredDescriptor.objects.filter(pk=stored.pk))
        del self.works[pk]

    @rule(idle=st.booleans())
    def maintain_for_a_moment(self, idle):
        """A worker that is cut short after its first step."""
        upkeep.maintain(0, idle=idle)

    @precondition(lambda self: len(self.works) >= calibration.MINIMUM_WORKS)
    @rule()
    def calibrate(self):
        upkeep.calibrate()

    @rule()
    def maintain(self):
        rounds = 0
        while not upkeep.maintain(2, idle=True):
            rounds += 1
            assert rounds < 5
        check_lists(self.works)

    @rule(pk=artworks, limit=st.integers(1, 7))
    def ask(self, pk, limit):
        """At any moment the answer is right, whether or not there is a list yet."""
        works = Artwork.objects.all()
        artwork = works.get(pk=pk)
        answer = find_similar(artwork, RankingOptions(limit=limit), works, works)
        others = {key: each for key, each in self.works.items() if key != pk}
        expected = synthetic.brute_force(self.works[pk], others, WEIGHTING, limit)
        assert [result.artwork.pk for result in answer.results] == [key for key, _ in expected]
        assert answer.certified


@pytest.mark.parametrize("compressed_from", [64, 8])
def test_lists_equal_those_from_scratch(db, monkeypatch, settings, compressed_from):
    """Below 64 works all exact descriptors are read; above, bounds rule most of them out."""
    synthetic.shrink_network(monkeypatch)
    monkeypatch.setattr(calibration, "MINIMUM_COMPRESSED", compressed_from)
    monkeypatch.setattr(compact_index, "CHUNK", 3)
    monkeypatch.setattr(neighbours, "LIST_LENGTH", LIST_LENGTH)
    monkeypatch.setattr(neighbours, "BLOCK", 3)
    settings.STYLESIM_REFINE = 10**6
    run_state_machine_as_test(Collection, settings=SETTINGS)


SETTINGS = settings(
    max_examples=int(os.environ.get("STYLESIM_EXAMPLES", "8")),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
