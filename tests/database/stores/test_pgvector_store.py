"""The pgvector store, held to the contract of all stores, and its indexes."""

from __future__ import annotations

import numpy as np
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from stylesim_app.core.distances import Weighting
from stylesim_app.models import StoredDescriptor
from tests.store_contract import SIZE, WEIGHTINGS, WORKS, CompactContract, Drawn, Shelf

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="pgvector needs PostgreSQL: python -m tests.postgresql",
)


@on_postgresql
class TestPgvector(CompactContract):
    store_name = "pgvector"

    def test_each_row_lies_in_its_table_alone(self, shelf):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT attname FROM pg_attribute "
                "WHERE attrelid = 'stylesim_pgvector_compactvectors'::regclass "
                "AND attnum > 0 AND attstorage <> 'p'"
            )
            assert cursor.fetchall() == []

    def test_vectors_are_read_in_chunks(self, shelf, drawn, monkeypatch):
        whole = shelf.store.shortlists(drawn.descriptors, Weighting(), shelf.described(), SIZE)
        monkeypatch.setattr("stylesim_app.stores.pgvector.copying.CHUNK", 7)
        parts = shelf.store.shortlists(drawn.descriptors, Weighting(), shelf.described(), SIZE)
        assert [each.candidates for each in parts] == [each.candidates for each in whole]
        # Some BLAS libraries round by the shape of what they multiply.
        rests = [each.rest for each in whole]
        assert [each.rest for each in parts] == pytest.approx(rests, rel=1e-6)

    def test_migrations_are_complete_and_can_be_reversed(self, db):
        call_command("makemigrations", "stylesim_pgvector", check=True, dry_run=True, verbosity=0)
        call_command("migrate", "stylesim_pgvector", "zero", verbosity=0)
        assert "stylesim_pgvector_compactvectors" not in connection.introspection.table_names()
        call_command("migrate", "stylesim_pgvector", verbosity=0)
        assert "stylesim_pgvector_compactvectors" in connection.introspection.table_names()

    def test_a_server_without_the_extension_is_told_what_to_do(self, db):
        call_command("migrate", "stylesim_pgvector", "zero", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("DROP EXTENSION vector")
            cursor.execute("CREATE ROLE tenant; GRANT ALL ON SCHEMA public TO tenant")
            cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO tenant; SET ROLE tenant")
        with pytest.raises(
            DatabaseError, match=r"(?s)run CREATE EXTENSION vector.*superuser.*permission"
        ):
            call_command("migrate", "stylesim_pgvector", verbosity=0)


@on_postgresql
class TestIndexes:
    """The pgvector store of a collection too large to look at every work."""

    @pytest.fixture
    def shelf(self, drawn: Drawn, db: None, monkeypatch) -> Shelf:
        monkeypatch.setattr("stylesim_app.stores.pgvector.hnsw.HNSW_FROM", WORKS)
        shelf = Shelf(drawn, "pgvector")
        shelf.store.prepare()
        shelf.store.prepare()
        shelf.add(WORKS)
        return shelf

    def indexes(self) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%%hnsw%%'")
            return {name for (name,) in cursor.fetchall()}

    @pytest.mark.parametrize("name", ["paper", "style", "content"])
    def test_the_nearest_are_found_and_nothing_is_certain(self, shelf, drawn, name):
        weighting = WEIGHTINGS[name]
        best = np.argsort(drawn.bounds(0, weighting).estimate(weighting)[0])[:3]
        listed = shelf.shortlist(0, weighting)
        assert set(best) <= shelf.places(listed)
        assert len(listed.candidates) < WORKS
        assert listed.rest == 0.0
        assert np.all(listed.lower <= listed.estimates)

    def test_many_queries_are_suggested_one_by_one(self, shelf, drawn):
        listed = shelf.store.shortlists(drawn.descriptors, Weighting(), shelf.described(), SIZE)
        assert [each.rest for each in listed] == [0.0] * WORKS

    def test_there_may_be_no_candidates(self, shelf):
        listed = shelf.shortlist(0, candidates=StoredDescriptor.objects.none())
        assert (listed.candidates, listed.rest) == ([], np.inf)

    def test_few_candidates_are_all_looked_at(self, shelf):
        candidates = shelf.described().filter(pk__in=shelf.keys[:5])
        listed = shelf.shortlist(0, candidates=candidates)
        assert shelf.places(listed) == {0, 1, 2, 3, 4}
        assert listed.rest == np.inf

    def test_a_search_reads_the_indexes(self, shelf, drawn):
        from stylesim_app.stores.pgvector import hnsw

        rows = shelf.store.rows.filter(stored__in=shelf.described())
        with hnsw.searching(SIZE), connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            plan = hnsw.nearest(rows, drawn.compacts[0], SIZE).explain()
        assert all(name in plan for name in self.indexes())

    def test_smaller_collections_have_none(self, drawn, db, monkeypatch):
        monkeypatch.setattr("stylesim_app.stores.pgvector.hnsw.HNSW_FROM", WORKS + 1)
        Shelf(drawn, "pgvector").store.prepare()
        assert self.indexes() == set()

    def test_they_go_with_their_calibration(self, shelf, django_capture_on_commit_callbacks):
        assert len(self.indexes()) == 2
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with django_capture_on_commit_callbacks(execute=True):
            shelf.index.delete()
        assert self.indexes() == set()
