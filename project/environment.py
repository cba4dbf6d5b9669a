"""Values of environment variables, as the settings read them."""

from __future__ import annotations

import os


def flag(name: str) -> bool:
    """Return whether a variable is set to 1, true, yes or on."""
    return os.environ.get(name, "").lower() in ("1", "true", "yes", "on")


def words(name: str, default: str = "") -> list[str]:
    """Return the values of a variable that are separated by commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]
