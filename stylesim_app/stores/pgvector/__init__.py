"""The pgvector store, an app of its own, so that hosts without pgvector need nothing of it."""
