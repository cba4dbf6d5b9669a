"""The reference site with every app of the package, for mypy."""

from project.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "stylesim_app.stores.pgvector"]  # noqa: F405
