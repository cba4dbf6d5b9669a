"""The vector store in pgvector, held to the contract of all vector stores."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection

from tests.vector_store_contract import LIMIT, VectorStoreContract, draw_query

from .test_pgvector_store import on_postgresql


@on_postgresql
class TestPgvectorVectors(VectorStoreContract):
    store_name = "pgvector"

    def test_vectors_lie_in_their_table(self, wall):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT attstorage FROM pg_attribute WHERE attname = 'numbers' "
                "AND attrelid = 'stylesim_pgvector_picturevector'::regclass"
            )
            assert cursor.fetchall() == [("p",)]

    def test_one_statement_answers(self, regions, django_assert_num_queries):
        with django_assert_num_queries(1):
            assert len(regions.nearest(draw_query())) == LIMIT

    def test_the_migration_can_be_reversed(self, db):
        call_command("migrate", "stylesim_pgvector", "0001", verbosity=0)
        assert "stylesim_pgvector_picturevector" not in connection.introspection.table_names()
        call_command("migrate", "stylesim_pgvector", verbosity=0)
        assert "stylesim_pgvector_picturevector" in connection.introspection.table_names()
