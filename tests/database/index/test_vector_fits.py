"""Embeddings are fitted to the collection, at first and when it has grown."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from stylesim_app import files
from stylesim_app.conf import conf
from stylesim_app.core.embedding import PictureEmbedding
from stylesim_app.index import vectors
from stylesim_app.index.embeddings import PICTURE
from stylesim_app.index.serving import Serving
from stylesim_app.models import Artwork, StoredDescriptor, VectorIndex
from stylesim_app.ranking.queries import ArtworkQuery
from stylesim_app.ranking.vectors import begin
from tests.rankings import serving_set

from .conftest import ship
from .vector_works import (
    check_all,
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
