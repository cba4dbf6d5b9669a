"""Ranked similar works for every artwork of a Django collection system."""

__version__ = "0.1.0"
