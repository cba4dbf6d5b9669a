"""The nineteen edits: repeatable, of every size, and each what its name says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from stylesim_app.core.edits import EDITS, apply_edit
from tests.pictures import draw

PICTURE = draw("disc-b", (96, 72))


def equal(left: Any, right: Any) -> bool:
    return np.array_equal(np.asarray(left), np.asarray(right))


def test_there_are_nineteen():
    assert len(EDITS) == 19


@pytest.mark.parametrize("name", EDITS)
def test_a_seed_repeats_an_edit(name):
    first, second = (apply_edit(name, PICTURE, seed=3) for _ in range(2))
    assert first.mode == "RGB"
    assert equal(first, second)
    assert first.size != PICTURE.size or not equal(first, PICTURE)


@pytest.mark.parametrize("size", [(16, 16), (300, 20), (20, 300), (700, 500)])
@pytest.mark.parametrize("name", EDITS)
def test_pictures_of_every_size_can_be_edited(name, size):
    assert min(apply_edit(name, PICTURE.resize(size), seed=0).size) >= 1


def test_the_picture_itself_is_left_as_it_was():
    before = np.array(PICTURE)
    for name in EDITS:
        apply_edit(name, PICTURE, seed=1, company=[PICTURE])
    assert equal(PICTURE, before)


def test_plain_edits_are_what_they_are_called():
    assert apply_edit("half_size", PICTURE, 0).size == (48, 36)
    assert apply_edit("crop_60", PICTURE, 0).size == (58, 43)
    assert sorted(apply_edit("aspect_20", PICTURE, 0).size) in ([72, 115], [86, 96])
    assert equal(apply_edit("mirror", PICTURE, 0), ImageOps.mirror(PICTURE))
    assert equal(apply_edit("turn_90", PICTURE, 0), np.rot90(np.asarray(PICTURE)))
    assert equal(apply_edit("turn_180", PICTURE, 0), np.rot90(np.asarray(PICTURE), 2))
    assert np.ptp(np.asarray(apply_edit("grey", PICTURE, 0)), axis=2).max() == 0


def test_a_crop_is_a_part_of_the_picture():
    crop, pixels = np.asarray(apply_edit("crop_80", PICTURE, 5)), np.asarray(PICTURE)
    places = [
        (top, left)
        for top in range(pixels.shape[0] - crop.shape[0] + 1)
        for left in range(pixels.shape[1] - crop.shape[1] + 1)
        if np.array_equal(pixels[top : top + crop.shape[0], left : left + crop.shape[1]], crop)
    ]
    assert places


def test_a_frame_holds_the_picture():
    framed = apply_edit("frame", PICTURE, 0)
    edge = (framed.width - PICTURE.width) // 2
    inside = framed.crop((edge, edge, edge + PICTURE.width, edge + PICTURE.height))
    assert equal(inside, PICTURE)


def test_a_collage_shows_its_company():
    company = [Image.new("RGB", (50, 50), colour) for colour in ("#ff00ff", "#00ffff", "#ffff00")]
    collage = apply_edit("collage", PICTURE, 0, company)
    shown = {tuple(pixel) for pixel in np.asarray(collage).reshape(-1, 3)}
    assert collage.size == PICTURE.size
    assert {(255, 0, 255), (0, 255, 255), (255, 255, 0)} <= shown


def test_another_name_or_mode_is_refused():
    with pytest.raises(ValueError, match="there is no edit 'sepia'; choose one of jpeg_30"):
        apply_edit("sepia", PICTURE, 0)
    with pytest.raises(ValueError, match="expected a picture of mode RGB, got L"):
        apply_edit("blur", PICTURE.convert("L"), 0)
