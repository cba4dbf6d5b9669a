"""The lanes that ship with the app."""

from __future__ import annotations

from . import lanes
from .measure import Measure
from .same_picture import SamePictureLane
from .vector_lanes import ArtistStyle, Content, Regions


def register_lanes() -> None:
    """Register the lanes in the order in which pages offer them."""
    for lane in (Measure(), SamePictureLane(), ArtistStyle(), Content(), Regions()):
        lanes.register(lane)
