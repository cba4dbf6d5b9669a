"""Settings of a host whose artworks have a name instead of a title."""

from tests.swapped.settings import *  # noqa: F403

STYLESIM_ARTWORK_MODEL = "swapped.Print"
STYLESIM_ARTWORK_ADAPTER = "tests.swapped.models.PrintAdapter"
del STYLESIM_VISIBLE_ARTWORKS  # noqa: F821
