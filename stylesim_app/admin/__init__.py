"""The admin: artworks with their similar works, and the state of the index.

A host with its own artwork model adds ``SimilarWorksAdminMixin`` to its ModelAdmin.
"""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin

from ..models import (
    Artwork,
    Calibration,
    CompactIndex,
    DescriptorSet,
    IndexEntry,
    IndexingPause,
    RemovedPicture,
    Selection,
    StorageFinding,
    StorageState,
    WorkerSign,
)
from ..work import audit
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
from .removed import RemovedPictureAdmin
from .selections import SelectionAdmin
from .status import IndexStatusAdmin

__all__ = ["ArtworkAdmin", "SimilarWorksAdminMixin"]

if not Artwork._meta.swapped:
    if apps.is_installed("import_export"):
        from .table_admin import TableArtworkAdmin

        admin.site.register(Artwork, TableArtworkAdmin)
    else:
        admin.site.register(Artwork, ArtworkAdmin)
admin.site.register(IndexEntry, IndexEntryAdmin)
admin.site.register(IndexingPause, IndexStatusAdmin)
admin.site.register(DescriptorSet, DescriptorSetAdmin)
admin.site.register(Calibration, CalibrationAdmin)
admin.site.register(CompactIndex, CompactIndexAdmin)
admin.site.register(StorageState, StorageStateAdmin)
admin.site.register(StorageFinding, StorageFindingAdmin)
admin.site.register(WorkerSign, WorkerSignAdmin)
admin.site.register(RemovedPicture, RemovedPictureAdmin)
admin.site.register(Selection, SelectionAdmin)
if audit.is_installed():
    from . import trail

    trail.register(admin.site)
