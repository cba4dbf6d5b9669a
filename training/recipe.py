"""The parameters of training, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from .views import Strength


@dataclass(frozen=True)
class Stage:
    """A part of training: its share of the steps, and the side of the views in pixels."""

    share: float
    size: int


@dataclass(frozen=True)
class Recipe:
    """The parameters of a training; the defaults are for content that finds copies."""

    #: Pictures a batch.
    pictures: int = 32
    #: True if each is seen twice, the second time photographed or in the manner of another.
    twice: bool = True
    #: Pictures of one artist (the first label) in a batch.
    pictures_each: int = 2
    stages: tuple[Stage, ...] = (Stage(0.7, 64), Stage(0.3, 96))
    learning_rate: float = 7e-4
    weight_decay: float = 0.02
    #: Share of the steps in which the learning rate rises.
    warmup: float = 0.02
    smoothing: float = 0.1
    #: Weights of the losses: classes; if seen twice, style by first label and by picture, content
    #: by picture.
    weights: tuple[float, ...] = (1.0, 0.5, 0.5, 1.0)
    #: Share of second views that are in the manner of another picture.
    mixed: float = 0.25
    temperature: float = 0.1
    #: Each step, the averaged weights move by this share towards the trained ones.
    averaging: float = 2e-3


RECIPES = {
    "copies": Recipe(),
    # Photographs have other colours, and ignoring colours loses evidence of the artist.
    "hands": Recipe(pictures=64, twice=False, stages=(Stage(1.0, 64),), weights=(1.0,)),
}

#: From a picture to the part of it that a batch sees.
CUT = Strength(
    least_side=0.3, greatest_side=1.0, aspect=1.3, mirrored=0.5, turn=0.0, perspective=0.0,
    brightness=0.0, contrast=0.0, saturation=0.0, cast=0.0, hue=0.0,
    grey=0.0, blur=0.0, noise=0.0, glare=0.0, jpeg=0.0,
)  # fmt: skip
#: From a picture to another reproduction of it.
REPRODUCTION = Strength(
    least_side=0.85, greatest_side=1.0, aspect=1.1, mirrored=0.0, turn=0.02, perspective=0.0,
    brightness=0.05, contrast=0.15, saturation=0.2, cast=0.05, hue=0.05,
    grey=0.05, blur=0.1, noise=0.05, glare=0.0, jpeg=0.1,
)  # fmt: skip
#: From a picture to a photograph of it on a wall, or a copy by another hand.
PHOTOGRAPH = Strength(
    least_side=0.6, greatest_side=1.7, aspect=1.25, mirrored=0.0, turn=0.08, perspective=0.12,
    brightness=0.1, contrast=0.3, saturation=0.4, cast=0.15, hue=0.25,
    grey=0.15, blur=0.25, noise=0.2, glare=0.15, jpeg=0.25,
)  # fmt: skip
