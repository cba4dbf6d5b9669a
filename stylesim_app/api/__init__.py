"""The REST API: artworks, rankings, searches and the index, under ``/api/``."""
