"""A snapshot of the serving set, loaded once for a request or a batch and handed down."""

from __future__ import annotations

import logging
from functools import cached_property, lru_cache

from .. import files
from ..core.calibration import PairSample
from ..core.errors import DescriptorError
from ..models import Calibration, CompactIndex, DescriptorSet, VectorIndex
from ..stores.base import Store
from ..stores.unbounded import UnboundedStore
from . import compact_index

logger = logging.getLogger(__name__)


class Serving:
    """A snapshot of the serving set, its calibration, and the store that searches it.

    Each part is loaded on first access and stays the same from then on. Without ``descriptor_set``,
    the snapshot is of the set that serves now.
    """

    def __init__(self, descriptor_set: DescriptorSet | None = None) -> None:
        self._vector_indexes: dict[str, VectorIndex | None] = {}
        if descriptor_set is not None:
            self.descriptor_set = descriptor_set

    @cached_property
    def descriptor_set(self) -> DescriptorSet | None:
        """The set that rankings read; None until the first artwork is indexed."""
        return DescriptorSet.objects.filter(serving=True).first()

    @cached_property
    def calibration(self) -> Calibration | None:
        """The latest calibration of the set."""
        return Calibration.objects.filter(descriptor_set=self.descriptor_set).last()

    @cached_property
    def compact_index(self) -> CompactIndex | None:
        """The latest index of the set that is ready."""
        return CompactIndex.objects.filter(
            descriptor_set=self.descriptor_set, ready_at__isnull=False
        ).last()

    @cached_property
    def pairs(self) -> PairSample | None:
        """The distances of random pairs of the collection.

        None while it has too few works, or if the file is lost; the next calibration writes
        another. Raises StorageUnavailable.
        """
        if self.calibration is None:
            return None
        try:
            return _read_pairs(self.calibration.file_name)
        except (FileNotFoundError, DescriptorError):
            logger.exception("a calibration is lost; run stylesim_calibrate")
            return None

    @cached_property
    def store(self) -> Store:
        """The store that bounds the distances of the set; it bounds nothing if the bases are lost.

        Raises StorageUnavailable.
        """
        if self.compact_index is None:
            return UnboundedStore()
        try:
            return compact_index.open_store(self.compact_index)
        except (FileNotFoundError, DescriptorError):
            logger.exception("the bases of an index are lost; run stylesim_calibrate")
            return UnboundedStore()

    def vector_index(self, embedding: str) -> VectorIndex | None:
        """Return the latest index of an embedding that is ready; None while there is none."""
        if embedding not in self._vector_indexes:
            self._vector_indexes[embedding] = VectorIndex.objects.filter(
                descriptor_set=self.descriptor_set, embedding=embedding, ready_at__isnull=False
            ).last()
        return self._vector_indexes[embedding]

    def require_storage(self) -> None:
        """Raise StorageUnavailable unless the storage of the descriptors is there."""
        files.require_storage()

    def still_serves(self) -> bool:
        """Return whether no other set has replaced this one."""
        return DescriptorSet.objects.filter(serving=True).first() == self.descriptor_set


@lru_cache(maxsize=2)
def _read_pairs(name: str) -> PairSample:
    return PairSample.from_bytes(files.read(name))
