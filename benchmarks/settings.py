"""Settings of the site that benchmarks fill: the reference site's, with blended descriptors."""

from __future__ import annotations

from project.settings import *  # noqa: F403
from project.settings import DATA_DIR, STORAGES

STORAGES = {
    **STORAGES,
    "stylesim": {
        "BACKEND": "benchmarks.blends.BlendStorage",
        "OPTIONS": {"location": DATA_DIR / "stylesim"},
    },
}
LOGGING = {"version": 1, "disable_existing_loggers": False}
