"""A large collection, added in thousands as if it had been indexed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from stylesim_app import files
from stylesim_app.core.bounds import CompactTable
from stylesim_app.core.compression import CompactDescriptor
from stylesim_app.core.descriptors import LAYERS
from stylesim_app.index import calibration, compact_index, sets
from stylesim_app.models import Artwork, CompactIndex, IndexEntry, StoredDescriptor
from stylesim_app.stores.embedded import EmbeddedStore
from stylesim_app.work import pipeline

from .blends import Base, draw_blends
from .pictures import find_pictures

#: Real works that the others are blended from, and works written at once.
BASE_WORKS = 600
CHUNK = 1000
DESCRIBED_AT_ONCE = 4


class Collection:
    """Real works at first; ``grow`` adds blends of them. Raises FileNotFoundError."""

    def __init__(self, base_works: int = BASE_WORKS) -> None:
        self.descriptor_set = sets.open_set(pipeline.get_network().provenance)
        names = _describe(base_works)
        keys = self._write_rows(names)
        calibration.fit(self.descriptor_set)
        index = CompactIndex.objects.get()
        self.store = compact_index.open_store(index)
        self.compacts: list[CompactDescriptor] = []
        self.base = Base.read(names, self.store.compressor)
        self._add(dict(zip(keys, self.base.compacts, strict=True)))
        CompactIndex.objects.update(ready_at=timezone.now())

    def __len__(self) -> int:
        return self.described.count()

    @property
    def described(self) -> QuerySet[StoredDescriptor]:
        """All works, in the order in which they were added."""
        return StoredDescriptor.objects.order_by("pk")

    def table(self) -> CompactTable:
        """Return the compact descriptors of all works, in the order in which they were added."""
        compacts = CompactDescriptor(
            z=np.stack([each.z for each in self.compacts]),
            squares=np.stack([each.squares for each in self.compacts]),
            residuals=np.stack([each.residuals for each in self.compacts]),
        )
        norms = np.stack([compacts.squares, compacts.residuals], axis=-1)
        return CompactTable(
            z={layer: np.ascontiguousarray(compacts.layer(layer)) for layer in LAYERS},
            norms={layer: norms[:, index] for index, layer in enumerate(LAYERS)},
        )

    def embedded(self) -> EmbeddedStore:
        """Return the embedded store. Raises TypeError for another store."""
        if not isinstance(self.store, EmbeddedStore):
            raise TypeError("only the embedded store has a table")
        return self.store

    def grow(self, works: int) -> None:
        """Add blends until the collection has ``works`` works."""
        count = len(self.base.names)
        blends = list(islice(draw_blends(works - count, count), len(self) - count, None))
        for start in range(0, len(blends), CHUNK):
            chunk = blends[start : start + CHUNK]
            keys = self._write_rows([blend.file_name(self.base.names) for blend in chunk])
            compacts = [self.base.compress(blend) for blend in chunk]
            self._add(dict(zip(keys, compacts, strict=True)))

    def _add(self, compacts: Mapping[int, CompactDescriptor]) -> None:
        self.compacts += compacts.values()
        with transaction.atomic():
            self.store.add_compact(compacts)

    def _write_rows(self, names: Sequence[str]) -> list[int]:
        artworks = Artwork.objects.bulk_create(
            Artwork(title=name, artist=f"artist {at % 500}", is_public=True, image=f"{name}.jpg")
            for at, name in enumerate(names)
        )
        entries = IndexEntry.objects.bulk_create(
            IndexEntry(artwork=artwork, state="indexed", image_name=f"{artwork.title}.jpg")
            for artwork in artworks
        )
        stored = StoredDescriptor.objects.bulk_create(
            StoredDescriptor(entry=entry, descriptor_set=self.descriptor_set, file_name=name)
            for entry, name in zip(entries, names, strict=True)
        )
        return [each.pk for each in stored]


def _describe(works: int) -> list[str]:
    paths = find_pictures(works)
    if not paths:
        raise FileNotFoundError("no pictures; name a folder in STYLESIM_BENCH_PICTURES")
    names: list[str] = []
    for start in range(0, len(paths), DESCRIBED_AT_ONCE):
        chunk = paths[start : start + DESCRIBED_AT_ONCE]
        pictures = [pipeline.decode_picture(path.read_bytes()) for path in chunk]
        names += [
            files.write("descriptors", "safetensors", descriptor.to_bytes())
            for descriptor in pipeline.describe(pictures)
        ]
    return names
