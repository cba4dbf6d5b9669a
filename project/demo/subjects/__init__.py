"""The subjects of the gallery: each is a function that composes one scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from project.demo.canvas import Scene
from project.demo.subjects.indoors import cat, still_life, sunflowers
from project.demo.subjects.land import almond_tree, mountain_lake, pyramids
from project.demo.subjects.people import portrait
from project.demo.subjects.town import city_at_night, winter_church
from project.demo.subjects.water import harbour, stone_bridge, storm


@dataclass(frozen=True)
class Subject:
    """A subject's English title, and the function that composes it."""

    title: str
    compose: Callable[[], Scene]


SUBJECTS: dict[str, Subject] = {
    "lake": Subject("Mountain lake", mountain_lake),
    "harbour": Subject("Harbour at dusk", harbour),
    "fruit": Subject("Jug and fruit", still_life),
    "portrait": Subject("Woman in a straw hat", portrait),
    "bridge": Subject("Stone bridge", stone_bridge),
    "almond": Subject("Almond tree in flower", almond_tree),
    "city": Subject("City at night", city_at_night),
    "cat": Subject("Cat at the window", cat),
    "pyramids": Subject("Pyramids at sunset", pyramids),
    "storm": Subject("Ship in a storm", storm),
    "sunflowers": Subject("Sunflowers", sunflowers),
    "church": Subject("Village church in winter", winter_church),
}
