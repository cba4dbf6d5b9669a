"""Settings of a host with its own artwork model."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.swapped"]  # noqa: F405
STYLESIM_ARTWORK_MODEL = "swapped.Picture"
STYLESIM_ARTWORK_IMAGE_FIELD = "scan"
STYLESIM_VISIBLE_ARTWORKS = "tests.swapped.models.all_pictures"
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":  # noqa: F405
    # Beside that of the tests that start this run.
    DATABASES["default"]["TEST"] = {"NAME": "test_swapped"}  # noqa: F405
