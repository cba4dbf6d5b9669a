"""Stores, which keep compact descriptors and search them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

# An app below this package is imported before there are models.
if TYPE_CHECKING:
    from .base import CompactStore

#: By the name that STYLESIM_STORE and a compact index give.
STORES = {
    "embedded": "stylesim_app.stores.embedded.EmbeddedStore",
    "pgvector": "stylesim_app.stores.pgvector.store.PgvectorStore",
}


def import_store(name: str) -> type[CompactStore]:
    """Return the store of that name. Raises KeyError."""
    store: type[CompactStore] = import_string(STORES[name])
    return store
