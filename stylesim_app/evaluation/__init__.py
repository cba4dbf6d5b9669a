"""Measure which lane finds what in a collection, in memory: the database is neither read nor
written."""
