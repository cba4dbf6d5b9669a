"""The detail in which a picture is seen. Unlike local features themselves, it needs no OpenCV."""

from __future__ import annotations

from typing import NamedTuple

from ..boxes import LONG_ASPECT


class Detail(NamedTuple):
    """The most local features of a picture, the resolution at which they are found, and windows.

    ``side`` is that of a square with as many pixels: a larger picture is reduced to
    ``side * side`` pixels inside its border, of any shape; a smaller one is left as it is. The
    network also sees square windows of a picture if one side is more than ``aspect`` times the
    other.
    """

    features: int
    side: int
    aspect: float = LONG_ASPECT


#: A stored work.
WORK = Detail(features=300, side=240)
#: A query by image, which may show much besides the work, so that the work is small in it. Two
#: works side by side make it wide: each is seen in a window of its own.
QUERY = Detail(features=1200, side=512, aspect=1.4)
