from __future__ import annotations

import pytest
from django.core.cache import caches
from playwright.sync_api import expect

from stylesim_app.conf import conf

# Other tests and their workers have the cores meanwhile, and no test asserts a time.
expect.set_options(timeout=30_000)


@pytest.fixture(autouse=True)
def nothing_throttled_yet(transactional_db: None) -> None:
    """Tests sign in from one address; the table of limits belongs to no model that is emptied."""
    caches[conf.throttle_cache].clear()
