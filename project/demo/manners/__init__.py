"""The manners of the gallery: each is a function from a scene to a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from project.demo.canvas import Scene
from project.demo.manners.cubist import cubist
from project.demo.manners.cutout import cut_out
from project.demo.manners.hatching import hatching
from project.demo.manners.impasto import impasto
from project.demo.manners.inkwash import ink_wash
from project.demo.manners.mosaic import mosaic
from project.demo.manners.pointillism import pointillism
from project.demo.manners.poster import poster
from project.demo.manners.watercolour import watercolour
from project.demo.manners.woodcut import woodcut

Painter = Callable[[Scene, np.random.Generator], Image.Image]


@dataclass(frozen=True)
class Manner:
    """A manner's name, the invented studio that works in it, its year, and its medium."""

    title: str
    artist: str
    year: int
    medium: str
    paint: Painter


MANNERS: dict[str, Manner] = {
    "impasto": Manner("Impasto", "Impasto Studio", 1889, "Oil on canvas, impasto", impasto),
    "pointillism": Manner(
        "Pointillism", "Studio of the Dots", 1886, "Oil on canvas, divided colour", pointillism
    ),
    "ink-wash": Manner("Ink wash", "Bamboo Studio", 1761, "Ink on rice paper", ink_wash),
    "woodcut": Manner("Woodcut", "Pearwood Press", 1522, "Woodcut in two blocks", woodcut),
    "cut-out": Manner("Cut-out", "Scissors Studio", 1947, "Painted paper, cut and pasted", cut_out),
    "cubist": Manner("Cubist facets", "Facet Studio", 1911, "Oil on canvas", cubist),
    "hatching": Manner("Hatching", "Copperplate Press", 1645, "Etching", hatching),
    "mosaic": Manner("Mosaic", "Tessera Workshop", 547, "Glass tesserae", mosaic),
    "watercolour": Manner("Watercolour", "Riverside Studio", 1835, "Watercolour", watercolour),
    "poster": Manner("Flat poster", "Blue Train Press", 1931, "Screen print in five inks", poster),
}
