"""Models of artworks, the work list and the index.

The index state is kept in ``IndexEntry``, apart from the artwork, so that any model with an image
field can be indexed.
"""

from .artwork import AbstractArtwork, Artwork, artwork_path
from .index import Calibration, CompactIndex, CompactRow, DescriptorSet, Neighbour, StoredDescriptor
from .same_picture import PictureMatch, StoredFeatures
from .storage import StorageFinding, StorageState
from .vectors import VectorIndex, VectorRow
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
    "PictureMatch",
    "StorageFinding",
    "StorageState",
    "StoredDescriptor",
    "StoredFeatures",
    "VectorIndex",
    "VectorRow",
    "WorkItem",
    "WorkerSign",
    "artwork_path",
    "failure_fields",
]
