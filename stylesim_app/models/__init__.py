"""Models of artworks, the work list and the index.

The index state is kept in ``IndexEntry``, apart from the artwork, so that any model with an image
field can be indexed.
"""

from .artwork import AbstractArtwork, Artwork, artwork_path
from .imports import ImportedFile
from .index import Calibration, CompactIndex, CompactRow, DescriptorSet, Neighbour, StoredDescriptor
from .lifecycle import FileClaim, RemovedPicture, RepeatableRequest, Tombstone
from .same_picture import PictureMatch, StoredFeatures
from .search_keys import SearchKeys
from .selections import Selection, SelectionItem
from .storage import StorageFinding, StorageState
from .vectors import NearPair, PairList, VectorIndex, VectorRow
from .work import (
    ImageSearch,
    IndexEntry,
    IndexingPause,
    WorkerSign,
    WorkItem,
    failure_fields,
)

__all__ = [
    "AbstractArtwork",
    "Artwork",
    "Calibration",
    "CompactIndex",
    "CompactRow",
    "DescriptorSet",
    "FileClaim",
    "ImageSearch",
    "ImportedFile",
    "IndexEntry",
    "IndexingPause",
    "NearPair",
    "Neighbour",
    "PairList",
    "PictureMatch",
    "RemovedPicture",
    "RepeatableRequest",
    "SearchKeys",
    "Selection",
    "SelectionItem",
    "StorageFinding",
    "StorageState",
    "StoredDescriptor",
    "StoredFeatures",
    "Tombstone",
    "VectorIndex",
    "VectorRow",
    "WorkItem",
    "WorkerSign",
    "artwork_path",
    "failure_fields",
]
