"""The reference site with every app of the package and of the tests, for mypy."""

from project.settings import *  # noqa: F403

INSTALLED_APPS = [
    *INSTALLED_APPS,  # noqa: F405
    "stylesim_app.stores.pgvector",
    "tests.swapped",
    "tests.wing.apps.WingConfig",
]
STYLESIM_ARTWORK_MODEL = "stylesim_app.Artwork"
