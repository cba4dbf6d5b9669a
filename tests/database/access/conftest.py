"""A cache of limits that is empty when a test starts."""

from __future__ import annotations

import pytest
from django.core.cache import caches

from stylesim_app.conf import conf


@pytest.fixture(autouse=True)
def nothing_throttled_yet(db: None) -> None:
    caches[conf.throttle_cache].clear()
