"""Settings of a host with an artwork model of its own."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.swapped"]  # noqa: F405
STYLESIM_ARTWORK_MODEL = "swapped.Picture"
STYLESIM_ARTWORK_IMAGE_FIELD = "scan"
STYLESIM_VISIBLE_ARTWORKS = "tests.swapped.models.all_pictures"
