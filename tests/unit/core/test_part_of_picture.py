"""Boxes of a work inside its surroundings are shares of the complete picture."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from stylesim_app.core import surroundings
from stylesim_app.core.boxes import Box
from stylesim_app.core.decoding import Request, to_picture
from stylesim_app.core.decoding import decode as decode_bytes
from stylesim_app.core.descriptors import Descriptor
from stylesim_app.core.images import ImageFacts, Limits, Picture
from stylesim_app.core.rmac import GRID, RegionWhitening

from . import small_pictures
from .test_surroundings import on_ground

PART = Box(0.25, 0.2, 0.5, 0.4)


@pytest.fixture
def works(small_network: None) -> list[Descriptor]:
    return small_pictures.draw(6)


def test_regions_are_shares_of_the_complete_picture(works: list[Descriptor]) -> None:
    whitening = RegionWhitening.fit(works)
    cut = dataclasses.replace(works[0], box=PART)
    assert whitening.describe_regions(cut)[1] == [box.inside(PART) for box in GRID]
    inner = Box(0.5, 0.25, 0.5, 0.5)
    np.testing.assert_allclose(
        whitening.describe_box(cut, inner.inside(PART)),
        whitening.describe_box(works[0], inner),
        atol=1e-6,
    )


def test_region_in_the_margin_is_taken(works: list[Descriptor]) -> None:
    cut = dataclasses.replace(works[0], box=PART)
    vector = RegionWhitening.fit(works).describe_box(cut, Box(0, 0, 0.1, 0.1))
    assert np.linalg.norm(vector) == pytest.approx(1)


def test_descriptor_keeps_its_box(works: list[Descriptor]) -> None:
    work = works[0]
    cut = dataclasses.replace(work, box=PART)
    assert Descriptor.from_bytes(cut.to_bytes()).box == PART
    assert cut.provenance == work.provenance


def decode(image: Image.Image, chosen: Box | None = None) -> Picture:
    found = surroundings.choose(chosen) if chosen else surroundings.find(image)
    return to_picture(image, ImageFacts("JPEG", *image.size), "", found=found)


def test_picture_shows_the_work_alone() -> None:
    picture = decode(on_ground("#969696"))
    assert picture.surroundings.kind == "ground"
    assert (np.abs(picture.pixels.astype(int) - 150).max(axis=2) < 4).mean() < 0.1
    assert picture.complete is not None
    assert (np.abs(picture.complete.astype(int) - 150).max(axis=2) < 4).mean() > 0.5


def test_choice_of_a_person_counts() -> None:
    image = on_ground("#969696")
    assert decode(image, Box(0, 0, 1, 1)).surroundings.kind == ""
    assert decode(image, PART).surroundings == (PART, "chosen")


@pytest.mark.parametrize("crop_borders", [False, True])
def test_cutting_is_switched_off(crop_borders: bool) -> None:
    content = io.BytesIO()
    on_ground("#969696").save(content, "PNG")
    request = Request(Limits(10**9, 10**9), crop_borders=crop_borders)
    found = decode_bytes(content.getvalue(), request).surroundings
    assert found.kind == ("ground" if crop_borders else "")
