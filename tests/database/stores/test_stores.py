"""The stores that run on any database, held to the contract of all stores."""

from __future__ import annotations

from tests.store_contract import CompactContract, StoreContract


class TestUnbounded(StoreContract):
    store_name = "unbounded"

    def test_it_lacks_nothing(self, shelf, drawn):
        shelf.store.add({shelf.keys[0]: drawn.descriptors[0]})
        assert not shelf.store.lacking(shelf.described()).exists()


class TestEmbedded(CompactContract):
    store_name = "embedded"

    def test_few_candidates_are_named_to_the_database_many_are_not(self, shelf, monkeypatch):
        expected = shelf.shortlist(0)
        monkeypatch.setattr("stylesim_app.stores.embedded.NAMED_KEYS", 1)
        assert shelf.shortlist(0).candidates == expected.candidates
