"""The detail in which local features are found. Unlike their extraction, it needs no OpenCV."""

from __future__ import annotations

from typing import NamedTuple


class Detail(NamedTuple):
    """The most features of a picture, and the resolution at which they are found.

    ``side`` is that of a square with as many pixels: a larger picture is reduced to
    ``side * side`` pixels inside its border, of any shape; a smaller one is left as it is.
    """

    features: int
    side: int


#: A stored work.
WORK = Detail(features=300, side=240)
#: A query by image, which may show much besides the work, so that the work is small in it.
QUERY = Detail(features=1200, side=512)
