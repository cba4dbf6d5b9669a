"""Stores, which keep compact descriptors and vectors, and search them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

# An app below this package is imported before there are models.
if TYPE_CHECKING:
    from .base import CompactStore
    from .vector_base import VectorStore

#: By the name that STYLESIM_STORE and an index give.
STORES = {
    "embedded": "stylesim_app.stores.embedded.EmbeddedStore",
    "pgvector": "stylesim_app.stores.pgvector.store.PgvectorStore",
}
#: By the name that STYLESIM_STORE and a vector index give.
VECTOR_STORES = {
    "embedded": "stylesim_app.stores.embedded_vectors.EmbeddedVectorStore",
    "pgvector": "stylesim_app.stores.pgvector.vectors.PgvectorVectorStore",
}


def import_store(name: str) -> type[CompactStore]:
    """Return the store of that name. Raises KeyError."""
    store: type[CompactStore] = import_string(STORES[name])
    return store


def import_vector_store(name: str) -> type[VectorStore]:
    """Return the vector store of that name. Raises KeyError."""
    store: type[VectorStore] = import_string(VECTOR_STORES[name])
    return store
