"""Descriptors of the artworks, calibrations, and lists of neighbours."""
