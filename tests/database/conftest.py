"""Fixtures of the tests with a database."""

from __future__ import annotations

import pytest
from PIL import ImageOps

from stylesim_app.models import Artwork
from tests.same_pictures import crop, upload, work
from tests.unit.same_picture import drawn


@pytest.fixture
def matched_works(db: None) -> tuple[list[Artwork], Artwork]:
    """Six pictures, and a mirrored crop of the first, indexed by a worker."""
    originals = [upload(drawn.draw(seed), f"work {seed}") for seed in range(6)]
    copy = upload(ImageOps.mirror(crop(drawn.draw(0), 0.6)), "copy")
    work()
    return originals, copy
