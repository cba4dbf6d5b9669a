"""Rows in, artworks out: pictures from a folder or a manifest."""
