"""The folder of the private storage, and small embeddings in the place of those that ship."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stylesim_app.core.embedding import FittedEmbedding, PictureEmbedding, RegionEmbedding
from stylesim_app.index import near_pairs
from tests.unit.core import small_pictures


def ship(monkeypatch: pytest.MonkeyPatch, seed: int) -> dict[str, FittedEmbedding]:
    """Put embeddings of the small network, fitted to drawn pictures, where those that ship are."""
    sample = small_pictures.draw(40, seed)
    fitted = {
        "picture": PictureEmbedding.fit(lambda: sample),
        "regions": RegionEmbedding.fit(lambda: sample),
    }
    for each in fitted.values():
        monkeypatch.setattr(type(each), "shipped", lambda each=each: each)
    return fitted


@pytest.fixture(autouse=True)
def no_near_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Near pairs have tests of their own, and take three searches a work."""
    monkeypatch.setattr(near_pairs, "compare_waiting", lambda *_: True)


@pytest.fixture
def shipped(small_network: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, FittedEmbedding]:
    return ship(monkeypatch, seed=99)


@pytest.fixture
def root(settings: Any, db: None) -> Path:
    return Path(settings.STORAGES["stylesim"]["OPTIONS"]["location"])
