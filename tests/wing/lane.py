"""A lane of the wing: the mean colour of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stylesim_app.core.images import Picture
from stylesim_app.ranking.vector_lanes import VectorLane


class MeanColour(VectorLane):
    """The means of red, green and blue, as a direction."""

    name = "mean_colour"
    label = "Similar colour"
    question = "Which works have the same colour on average?"
    meaning = "The distance of the mean colours, from 0 to 2; lower is closer."
    limits = "Light and dark pictures of one colour are the same here."
    size = 3
    version = "1"

    def embed(self, pictures: Sequence[Picture]) -> NDArray[np.floating[Any]]:
        return np.stack([picture.pixels.mean(axis=(0, 1)) for picture in pictures])
