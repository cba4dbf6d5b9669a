"""Settings of a site with the wing."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "tests.wing.apps.WingConfig"]  # noqa: F405
ROOT_URLCONF = "tests.wing.urls"
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": "test_wing"}  # noqa: F405
