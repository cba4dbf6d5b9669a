"""System checks: each setting that can be wrong has an id and a hint. An import registers all."""

from . import access, artworks, storage, values, workers

__all__ = ["access", "artworks", "storage", "values", "workers"]
