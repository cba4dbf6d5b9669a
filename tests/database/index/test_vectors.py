"""Vector indexes: what is kept of each work, and when embeddings are fitted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.utils import timezone

from stylesim_app import files
from stylesim_app.conf import conf
from stylesim_app.core.descriptors import Descriptor, Provenance
from stylesim_app.core.embedding import PictureEmbedding, Vectors
from stylesim_app.exceptions import NotIndexed
from stylesim_app.index import embeddings, upkeep, vectors
from stylesim_app.index.embeddings import PICTURE, REGIONS, Embedding
from stylesim_app.index.serving import Serving
from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor, VectorIndex, WorkItem
from stylesim_app.ranking.queries import ArtworkQuery
from stylesim_app.ranking.vectors import begin
from stylesim_app.work import pipeline, worklist
from tests import synthetic
from tests.rankings import serving_set
from tests.unit.core import small_pictures

from .conftest import ship

pytestmark = pytest.mark.django_db
EMBEDDINGS = {each.name: each for each in (PICTURE, REGIONS)}


def draw(count: int, seed: int = 0) -> list[Descriptor]:
    return [synthetic.as_stored(each) for each in small_pictures.draw(count, seed)]


def index_works(count: int, seed: int = 0) -> dict[int, Descriptor]:
    """Works that have descriptors, but no vectors yet, by artwork key."""
    return synthetic.store_works(draw(count, seed))


def upload(descriptor: Descriptor) -> int:
    """Do what follows an upload; return the key of the artwork."""
    artwork = Artwork.objects.create(title="uploaded", is_public=True, image="uploaded.png")
    IndexEntry.objects.get_or_create(artwork=artwork)
    synthetic.describe_artwork(artwork.pk, descriptor, f"picture of {artwork.pk}")
    return artwork.pk


def maintain() -> None:
    assert vectors.maintain(serving_set(), lambda: True)


def stop_after(steps: int) -> Callable[[], bool]:
    """A ``go_on`` that is true so many times."""
    left = iter([True] * steps)
    return lambda: next(left, False)


def only(name: str) -> VectorIndex:
    return VectorIndex.objects.get(embedding=name)


def latest(name: str) -> VectorIndex:
    return VectorIndex.objects.filter(embedding=name).latest()


def serving(name: str) -> VectorIndex | None:
    return Serving().vector_index(name)


def read(index: VectorIndex) -> dict[int, Vectors]:
    """The vectors of an index, by artwork."""
    artworks = dict(StoredDescriptor.objects.values_list("pk", "entry__artwork"))
    found = vectors.open_store(index).read(list(artworks))
    return {artworks[key]: each for key, each in found.items()}


def check_vectors(index: VectorIndex, works: Mapping[int, Descriptor]) -> None:
    """Hold what an index keeps to what its embedding gives, rounded to float16."""
    fitted = vectors.fitted_to(index, EMBEDDINGS[index.embedding])
    found = read(index)
    assert found.keys() == works.keys()
    for artwork, descriptor in works.items():
        expected = fitted.describe(descriptor)
        np.testing.assert_allclose(found[artwork].numbers, expected.numbers, atol=5e-4)
        assert found[artwork].boxes == expected.boxes


def check_all(works: Mapping[int, Descriptor]) -> None:
    for name in EMBEDDINGS:
        index = latest(name)
        check_vectors(index, works)
        assert serving(name) == index


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


class TestFit:
    """Embeddings are fitted to the collection, at first and when it has grown."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch):
        monkeypatch.setattr(vectors, "MINIMUM_FIT", 8)
        monkeypatch.setattr(vectors, "MINIMUM_FIRST", 5)

    def test_a_large_enough_collection_has_a_fit_of_its_own(self, shipped):
        works = index_works(7)
        maintain()
        assert only("picture").fitted_name == ""
        works |= index_works(1, seed=1)
        maintain()
        check_all(works)
        index = latest("picture")
        assert index.collection_size == 8
        assert index.digest not in {each.digest for each in shipped.values()}
        sample = vectors._sample(StoredDescriptor.objects.all(), lambda: True)
        assert PictureEmbedding.fit_collection(sample).digest == index.digest

    def test_a_collection_that_is_large_from_the_start_is_fitted_at_once(self, shipped):
        works = index_works(9)
        maintain()
        check_all(works)
        assert only("picture").collection_size == 9

    def test_an_embedding_that_gains_nothing_by_it_is_not_fitted(self, shipped):
        works = index_works(9)
        maintain()
        check_all(works)
        assert only("regions").fitted_name == ""
        assert only("regions").digest == shipped["regions"].digest

    def test_the_former_index_serves_until_all_works_are_embedded(self, shipped, monkeypatch):
        monkeypatch.setattr(vectors, "CHUNK", 4)
        works = index_works(7)
        maintain()
        old = only("picture")
        works |= index_works(3, seed=1)
        assert not vectors.maintain(serving_set(), stop_after(5))
        new = latest("picture")
        assert new.pk > old.pk
        assert new.ready_at is None
        assert serving("picture") == old
        maintain()
        check_all(works)

    def test_works_that_are_stored_meanwhile_are_in_both(self, shipped):
        works = index_works(8)
        VectorIndex.objects.create(
            descriptor_set=serving_set(),
            embedding="picture",
            digest=shipped["picture"].digest,
            store=conf.store,
            ready_at=timezone.now(),
        )
        assert not vectors.maintain(serving_set(), stop_after(2))
        old, new = VectorIndex.objects.filter(embedding="picture").order_by("pk")
        (descriptor,) = draw(1, seed=7)
        pk = upload(descriptor)
        assert read(old).keys() == {pk}
        assert pk in read(new)
        maintain()
        check_all({**works, pk: descriptor})

    def test_a_replaced_index_goes_after_a_minute_with_its_file(
        self, small_network, django_capture_on_commit_callbacks
    ):
        index_works(5)
        maintain()
        old = only("picture")
        index_works(20, seed=1)
        maintain()
        assert VectorIndex.objects.filter(pk=old.pk).exists()
        before = timezone.now() - timedelta(minutes=1, seconds=1)
        VectorIndex.objects.filter(pk=latest("picture").pk).update(ready_at=before)
        with django_capture_on_commit_callbacks(execute=True):
            maintain()
        assert only("picture").pk > old.pk
        assert not files.exists(old.fitted_name)
        assert files.exists(only("picture").fitted_name)
        assert VectorIndex.objects.filter(embedding="regions").count() == 2

    def test_a_collection_that_grew_four_times_is_fitted_again(self, shipped):
        works = index_works(8)
        maintain()
        first = latest("picture")
        works |= index_works(23, seed=1)
        maintain()
        assert latest("picture") == first
        works |= index_works(1, seed=2)
        maintain()
        check_all(works)
        assert latest("picture").collection_size == 32

    def test_weights_for_which_nothing_ships_are_fitted_earlier(self, small_network):
        works = index_works(4)
        maintain()
        assert not VectorIndex.objects.exists()
        works |= index_works(1, seed=1)
        maintain()
        check_all(works)
        assert only("picture").collection_size == 5

    @pytest.mark.parametrize("damaged", [False, True])
    def test_a_lost_fit_is_made_again(self, small_network, damaged):
        works = index_works(6)
        maintain()
        old = only("picture")
        files.delete([old.fitted_name])
        if damaged:
            Path(files.private_storage().path(old.fitted_name)).write_bytes(b"damaged")
            vectors._read_fitted.cache_clear()
        maintain()
        check_all(works)
        assert latest("picture").pk > old.pk
        assert latest("regions") == only("regions")

    def test_a_fit_that_is_lost_for_good_holds_nobody_up(self, small_network, monkeypatch):
        """Too few works are left to fit it again."""
        index_works(6)
        maintain()
        files.delete([only("picture").fitted_name])
        vectors._read_fitted.cache_clear()
        monkeypatch.setattr(vectors, "MINIMUM_FIRST", 50)
        works = index_works(2, seed=1)
        pk = upload(draw(1, seed=3)[0])
        calls = stop_after(1000)
        assert vectors.maintain(serving_set(), calls)
        assert calls()
        assert len(read(only("picture"))) == 6
        assert read(only("regions")).keys() > {*works, pk}
        monkeypatch.setattr(vectors, "MINIMUM_FIRST", 5)
        maintain()
        assert len(read(latest("picture"))) == 9

    def test_a_fit_that_cannot_be_made_leaves_what_there_is(self, shipped, monkeypatch):
        works = index_works(7)
        maintain()
        works |= index_works(2, seed=1)
        monkeypatch.setattr(vectors, "FIT_WORKS", 1)
        maintain()
        check_all(works)
        assert only("picture").fitted_name == ""

    def test_a_fit_that_was_stopped_is_begun_again(self, shipped):
        index_works(9)
        assert not vectors.maintain(serving_set(), stop_after(0))
        assert not VectorIndex.objects.exists()

    def test_what_ships_with_another_version_has_an_index_of_its_own(self, shipped, monkeypatch):
        works = index_works(4)
        maintain()
        old = only("picture")
        ship(monkeypatch, seed=100)
        artwork = Artwork.objects.get(pk=next(iter(works)))
        (descriptor,) = draw(1, seed=8)
        works[upload(descriptor)] = descriptor
        assert len(read(old)) == 4
        maintain()
        check_all(works)
        assert latest("picture").pk > old.pk
        assert begin(ArtworkQuery(artwork), PICTURE, Serving()).index == latest("picture")


def mean_colours(pictures):
    means = [each.pixels.mean(axis=(0, 1)).astype(np.float32) for each in pictures]
    return [Vectors.of_picture(each / np.linalg.norm(each)) for each in means]


def tone(version: str = "") -> Embedding:
    return Embedding("tone", 3, embed=mean_colours, version=version)


class TestFromPictures:
    """Embeddings that a host registers."""

    @pytest.fixture(autouse=True)
    def registered(self, monkeypatch):
        monkeypatch.setattr(embeddings, "_registered", dict(embeddings._registered))
        embeddings.register(tone())

    def index_again(self, artwork, run_worker):
        worklist.request_again(IndexEntry.objects.filter(artwork=artwork))
        run_worker()

    def test_its_vectors_are_those_of_the_pictures(
        self, make_artwork, run_worker, django_capture_on_commit_callbacks
    ):
        works = [make_artwork("disc-a"), make_artwork("disc-b")]
        run_worker()
        found = read(only("tone"))
        assert found.keys() == {each.pk for each in works}
        for artwork in works:
            picture = pipeline.read_picture(artwork.image.storage, artwork.image.name)
            (expected,) = mean_colours([picture])
            np.testing.assert_allclose(found[artwork.pk].numbers, expected.numbers, atol=5e-4)
        assert serving("tone") == only("tone")

    def test_works_from_before_have_none_until_they_are_indexed_again(self, collection, run_worker):
        upkeep.maintain(60, idle=True)
        assert read(only("tone")) == {}
        artwork = collection["disc-a"]
        with pytest.raises(NotIndexed, match="Index it again"):
            begin(ArtworkQuery(artwork), tone(), Serving())
        self.index_again(artwork, run_worker)
        assert read(only("tone")).keys() == {artwork.pk}
        assert begin(ArtworkQuery(artwork), tone(), Serving()).index == only("tone")

    def test_vectors_of_another_version_are_not_compared(self, make_artwork, run_worker):
        works = [make_artwork("disc-a"), make_artwork("disc-b")]
        run_worker()
        old = only("tone")
        new_version = tone("2")
        embeddings.register(new_version)
        with pytest.raises(NotIndexed, match="being prepared"):
            begin(ArtworkQuery(works[0]), new_version, Serving())
        self.index_again(works[0], run_worker)
        new = latest("tone")
        assert new.pk > old.pk
        assert read(new).keys() == {works[0].pk}
        assert begin(ArtworkQuery(works[0]), new_version, Serving()).index == new
        with pytest.raises(NotIndexed, match="Index it again"):
            begin(ArtworkQuery(works[1]), new_version, Serving())

    def test_another_version_is_noticed_by_maintenance(self, make_artwork, run_worker):
        make_artwork("disc-a")
        run_worker()
        embeddings.register(tone("2"))
        upkeep.maintain(60, idle=True)
        assert latest("tone").digest == tone("2").digest
        count = VectorIndex.objects.filter(embedding="tone").count()
        upkeep.maintain(60, idle=True)
        assert VectorIndex.objects.filter(embedding="tone").count() == count == 2

    def test_an_embedding_is_either_fitted_or_computed_from_pictures(self):
        with pytest.raises(ValueError, match="either fitted or embed"):
            Embedding("both", 3, fitted=PictureEmbedding, embed=mean_colours)
        with pytest.raises(ValueError, match="either fitted or embed"):
            Embedding("neither", 3)
        index = VectorIndex(embedding="tone", store="embedded")
        with pytest.raises(ValueError, match="is computed from pictures"):
            vectors.fitted_to(index, tone())
