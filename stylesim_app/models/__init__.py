"""Artworks, the work list, and what is known of how works look.

State lives beside the artwork, in ``IndexEntry``, so that any model with an image field can be
indexed.
"""

from .artwork import AbstractArtwork, Artwork, artwork_path
from .index import Calibration, CompactIndex, CompactRow, DescriptorSet, Neighbour, StoredDescriptor
from .work import ImageSearch, IndexEntry, WorkerSign, WorkItem, failure_fields

__all__ = [
    "AbstractArtwork",
    "Artwork",
    "Calibration",
    "CompactIndex",
    "CompactRow",
    "DescriptorSet",
    "ImageSearch",
    "IndexEntry",
    "Neighbour",
    "StoredDescriptor",
    "WorkItem",
    "WorkerSign",
    "artwork_path",
    "failure_fields",
]
