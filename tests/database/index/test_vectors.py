"""Vector indexes: what is kept of each work, and how workers make up for what is missing."""

from __future__ import annotations

import dataclasses

import pytest

from stylesim_app import files
from stylesim_app.conf import conf
from stylesim_app.core.descriptors import Provenance
from stylesim_app.index import upkeep, vectors
from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor, VectorIndex, WorkItem
from stylesim_app.work import pipeline
from tests import synthetic
from tests.rankings import serving_set

from .vector_works import (
    EMBEDDINGS,
    check_all,
    check_vectors,
    draw,
    index_works,
    latest,
    maintain,
    only,
    read,
    serving,
    stop_after,
    upload,
)

pytestmark = pytest.mark.django_db


class TestStoring:
    """Vectors follow the pictures of works."""

    def test_the_first_work_has_vectors_in_each_index_at_once(self, shipped):
        (descriptor,) = draw(1)
        check_all({upload(descriptor): descriptor})
        assert {each.digest for each in VectorIndex.objects.all()} == {
            each.digest for each in shipped.values()
        }

    def test_works_that_follow_are_added(self, shipped):
        works = {upload(descriptor): descriptor for descriptor in draw(4)}
        check_all(works)
        assert VectorIndex.objects.count() == 2

    def test_the_vectors_of_a_replaced_picture_are_replaced(self, shipped):
        first, second, other = draw(3)
        works = {upload(first): first, upload(second): second}
        pk = next(iter(works))
        synthetic.describe_artwork(pk, other, "another picture")
        check_all({**works, pk: other})

    def test_the_vectors_of_a_deleted_work_go(self, shipped):
        works = {upload(descriptor): descriptor for descriptor in draw(3)}
        pk = next(iter(works))
        query = read(only("picture"))[pk].numbers[0]
        Artwork.objects.get(pk=pk).delete()
        del works[pk]
        check_all(works)
        found = vectors.open_store(only("picture")).nearest(
            query, StoredDescriptor.objects.all(), 9
        )
        assert {each.artwork for each in found} == works.keys()

    def test_without_a_fit_nothing_is_kept(self, small_network):
        """Nothing ships for these weights."""
        upload(draw(1)[0])
        assert not VectorIndex.objects.exists()

    def test_an_index_that_begins_among_older_works_does_not_serve_before_they_have_vectors(
        self, shipped
    ):
        works = index_works(5)
        (descriptor,) = draw(1, seed=5)
        works[upload(descriptor)] = descriptor
        assert serving("picture") is serving("regions") is None
        assert len(read(only("picture"))) == 1
        maintain()
        check_all(works)
        assert VectorIndex.objects.count() == 2

    def test_sets_keep_their_vectors_apart(self, small_network, monkeypatch):
        """After a change of weights, works have vectors of both until the new set is complete."""
        monkeypatch.setattr(vectors, "MINIMUM_FIRST", 6)
        works = index_works(8)
        maintain()
        old, first = latest("picture"), serving_set()
        other = Provenance(weights="other", weights_sha256="other", precision="float32")
        changed = {
            pk: dataclasses.replace(draw(1, seed=pk + 1)[0], provenance=other) for pk in works
        }
        for number, (pk, descriptor) in enumerate(changed.items()):
            if number == 5:
                check_vectors(old, works)
                assert not VectorIndex.objects.exclude(descriptor_set=first).exists()
            synthetic.describe_artwork(pk, descriptor, "")
        upkeep.maintain(60, idle=True)
        second = serving_set()
        assert second.pk != first.pk
        for name in EMBEDDINGS:
            index = VectorIndex.objects.get(descriptor_set=second, embedding=name)
            found = vectors.open_store(index).read(
                list(StoredDescriptor.objects.values_list("pk", flat=True))
            )
            stored = StoredDescriptor.objects.filter(descriptor_set=second)
            assert found.keys() == set(stored.values_list("pk", flat=True))
            assert vectors.fitted_to(index, EMBEDDINGS[name]).provenance == other


class TestMaintenance:
    """Workers embed from descriptors what lacks vectors."""

    def test_a_collection_that_was_indexed_before_needs_no_image(self, shipped, monkeypatch):
        works = index_works(9)
        monkeypatch.setattr(pipeline, "read_picture", None)
        monkeypatch.setattr(pipeline, "get_network", None)
        assert upkeep.maintain(60, idle=True)
        check_all(works)
        VectorIndex.objects.all().delete()
        assert upkeep.maintain(60, idle=True)
        check_all(works)

    def test_maintenance_is_left_for_when_nothing_waits(self, shipped):
        index_works(3)
        upkeep.maintain(60, idle=False)
        assert not VectorIndex.objects.exists()

    def test_maintenance_that_was_interrupted_goes_on(self, shipped, monkeypatch):
        monkeypatch.setattr(vectors, "CHUNK", 4)
        works = index_works(10)
        counts = []
        for _ in range(20):
            if vectors.maintain(serving_set(), stop_after(0)):
                break
            counts.append(sum(len(read(each)) for each in VectorIndex.objects.all()))
        check_all(works)
        assert counts[:3] == [4, 8, 10]
        assert counts == sorted(counts)
        assert VectorIndex.objects.count() == 2

    def test_works_that_a_serving_index_lacks_are_added(self, shipped):
        """As after an update, where an old worker went on for a while."""
        works = index_works(4)
        maintain()
        works |= index_works(3, seed=1)
        assert len(read(latest("picture"))) == 4
        maintain()
        check_all(works)
        assert VectorIndex.objects.count() == 2

    def test_a_work_whose_descriptor_is_lost_holds_nobody_up(self, shipped):
        works = index_works(5)
        lost = StoredDescriptor.objects.order_by("pk")[2]
        files.delete([lost.file_name])
        maintain()
        del works[lost.entry.artwork_id]
        check_all(works)
        assert IndexEntry.objects.get(pk=lost.entry_id).state == WorkItem.State.FAILED

    def test_an_index_that_another_process_replaced_is_given_up(self, shipped, monkeypatch):
        index_works(3)

        def replace(*arguments: object) -> None:
            VectorIndex.objects.all().delete()
            raise VectorIndex.DoesNotExist

        monkeypatch.setattr(vectors, "_fill", replace)
        upkeep.maintain(60, idle=True)
        assert serving_set().maintainer is None

    def test_another_store_has_an_index_of_its_own(self, shipped):
        works = index_works(3)
        maintain()
        VectorIndex.objects.update(store="gone")
        maintain()
        check_all(works)
        assert latest("picture").store == conf.store
        assert VectorIndex.objects.filter(embedding="picture").count() == 2
