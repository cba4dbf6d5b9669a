"""The admin: artworks with their similar works, and the state of the index.

A host with its own artwork model adds ``SimilarWorksAdminMixin`` to its ModelAdmin.
"""

from __future__ import annotations

from django.contrib import admin

from ..models import (
    Artwork,
    Calibration,
    CompactIndex,
    DescriptorSet,
    IndexEntry,
    StorageFinding,
    StorageState,
    WorkerSign,
)
from .artworks import ArtworkAdmin, SimilarWorksAdminMixin
from .index import (
    CalibrationAdmin,
    CompactIndexAdmin,
    DescriptorSetAdmin,
    IndexEntryAdmin,
    StorageFindingAdmin,
    StorageStateAdmin,
    WorkerSignAdmin,
)

__all__ = ["ArtworkAdmin", "SimilarWorksAdminMixin"]

if not Artwork._meta.swapped:
    admin.site.register(Artwork, ArtworkAdmin)
admin.site.register(IndexEntry, IndexEntryAdmin)
admin.site.register(DescriptorSet, DescriptorSetAdmin)
admin.site.register(Calibration, CalibrationAdmin)
admin.site.register(CompactIndex, CompactIndexAdmin)
admin.site.register(StorageState, StorageStateAdmin)
admin.site.register(StorageFinding, StorageFindingAdmin)
admin.site.register(WorkerSign, WorkerSignAdmin)
