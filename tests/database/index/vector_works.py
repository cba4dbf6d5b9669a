"""Works with vectors, and what their indexes hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from stylesim_app.core.descriptors import Descriptor
from stylesim_app.core.embedding import Vectors
from stylesim_app.index import vectors
from stylesim_app.index.embeddings import PICTURE, REGIONS
from stylesim_app.index.serving import Serving
from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor, VectorIndex
from tests import synthetic
from tests.rankings import serving_set
from tests.unit.core import small_pictures

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
