"""The tests. Assertions of the contract are explained like those of a test."""

import pytest

pytest.register_assert_rewrite("tests.store_contract")
