"""Embeddings that a host registers, computed from pictures."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.core.embedding import PictureEmbedding, Vectors
from stylesim_app.exceptions import NotIndexed
from stylesim_app.index import embeddings, upkeep, vectors
from stylesim_app.index.embeddings import Embedding
from stylesim_app.index.serving import Serving
from stylesim_app.models import IndexEntry, VectorIndex
from stylesim_app.ranking.queries import ArtworkQuery
from stylesim_app.ranking.vectors import begin
from stylesim_app.work import pipeline, worklist

from .vector_works import latest, only, read, serving

pytestmark = pytest.mark.django_db


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
