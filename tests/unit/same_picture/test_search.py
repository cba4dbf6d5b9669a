"""A search from picture to picture, among drawn works."""

from __future__ import annotations

import pytest
from PIL import Image, ImageFilter, ImageOps

from stylesim_app.core.same_picture.inverted_file import InvertedFile
from stylesim_app.core.same_picture.search import find_same_picture

from .drawn import draw, query_features, shipped, works_features

KEYS = range(1, 9)


@pytest.fixture(scope="module")
def stored():
    return {key: shipped().encode(works_features(key)) for key in KEYS}


@pytest.fixture(scope="module")
def collection(stored):
    found = InvertedFile(shipped())
    found.add(list(stored.items()))
    return found


@pytest.mark.parametrize(
    "edit",
    [
        lambda picture: picture.resize((160, 120)),
        lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
        lambda picture: picture.convert("L").convert("RGB"),
        lambda picture: picture.crop((150, 100, 400, 300)),
        lambda picture: ImageOps.mirror(picture).rotate(30, expand=True),
    ],
)
def test_edited_copies_are_found_first(edit, collection, stored):
    for key in (2, 5):
        found = find_same_picture(query_features(edit(draw(key))), collection, stored.get)
        assert found[0].key == key
        assert found[0].verification.inliers > 25
        assert all(each.verification.inliers < 20 for each in found[1:])


def test_a_picture_that_is_not_there_has_few_inliers(collection, stored):
    found = find_same_picture(query_features(draw(99)), collection, stored.get)
    assert all(each.verification.inliers < 20 for each in found)


def test_a_work_that_is_gone_is_left_out(collection, stored):
    kept = {key: compact for key, compact in stored.items() if key != 5}
    found = find_same_picture(query_features(draw(5)), collection, kept.get)
    assert 5 not in [each.key for each in found]


def test_a_blank_picture_is_found_nowhere(collection, stored):
    blank = query_features(Image.new("RGB", (300, 200), "white"))
    assert find_same_picture(blank, collection, stored.get) == []
