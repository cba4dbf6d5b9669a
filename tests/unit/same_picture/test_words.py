"""The relation of two pictures in words."""

from __future__ import annotations

import pytest

from stylesim_app.core.same_picture.relation import Relation
from stylesim_app.messages import pair_words, relation_words

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def relation(**facts) -> Relation:
    whole = {"mirrored": False, "turned": 0.0, "covered": 1.0, "query_covered": 1.0}
    return Relation(inliers=50, region=SQUARE, query_region=SQUARE, **{**whole, **facts})


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "shows all of this picture"),
        ({"turned": 2.0}, "shows all of this picture"),
        ({"mirrored": True}, "mirrored"),
        ({"turned": 91.4}, "turned 90° clockwise"),
        ({"turned": -10.2}, "turned 10° counterclockwise"),
        ({"turned": -178.5}, "turned upside down"),
        ({"query_covered": 0.62}, "shows 62% of this picture"),
        ({"covered": 0.5}, "extends beyond this picture"),
        (
            {"mirrored": True, "turned": 90.0, "query_covered": 0.6},
            "mirrored, turned 90° clockwise, shows 60% of this picture",
        ),
    ],
)
def test_a_relation_in_words(facts, words):
    assert relation_words(relation(**facts)) == words


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "each shows all of the other"),
        ({"mirrored": True}, "mirrored"),
        ({"query_covered": 0.62}, "the right work shows 62% of the left one"),
        ({"covered": 0.5}, "the left work shows 50% of the right one"),
        (
            {"turned": 90.0, "covered": 0.8},
            "the right work is turned 90° clockwise, the left work shows 80% of the right one",
        ),
    ],
)
def test_a_pair_has_a_left_and_a_right_work(facts, words):
    assert pair_words(relation(**facts)) == words


def test_copies_of_a_file_are_called_so():
    assert relation_words(None) == pair_words(None) == "the same file"


def test_a_reversed_relation_exchanges_the_sides():
    there = relation(turned=90.0, covered=0.5)
    back = there.reversed()
    assert (back.turned, back.covered, back.query_covered) == (-90.0, 1.0, 0.5)
    assert back.reversed() == there
    mirrored = relation(mirrored=True, turned=30.0)
    assert mirrored.reversed().turned == 30.0


def test_a_relation_survives_json():
    assert Relation.from_json(relation().to_json()) == relation()
