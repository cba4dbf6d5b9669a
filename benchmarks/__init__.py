"""Measurements: each is a ratio of things measured in the same run."""
