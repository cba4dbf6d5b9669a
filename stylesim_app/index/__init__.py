"""Descriptors of the artworks, calibrations, lists of neighbours, and near pairs."""
