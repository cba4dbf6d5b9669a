"""The embeddings: kinds of vectors that are stored for each artwork, built in or registered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..core.embedding import FittedEmbedding, PictureEmbedding, RegionEmbedding, Vectors
from ..core.images import Picture


@dataclass(frozen=True)
class Embedding:
    """One kind of vectors, by ``name``, each of ``size`` numbers.

    They are computed from descriptors by what ``fitted`` fits to the collection; or from decoded
    pictures by ``embed``, in a thread of a worker without a database. ``version`` names all that
    changes the result of ``embed``: vectors of another version are not compared.
    """

    name: str
    size: int
    fitted: type[FittedEmbedding] | None = None
    embed: Callable[[Sequence[Picture]], Sequence[Vectors]] | None = None
    version: str = ""

    def __post_init__(self) -> None:
        if (self.fitted is None) == (self.embed is None):
            raise ValueError(f"expected either fitted or embed of the embedding {self.name!r}")

    @property
    def digest(self) -> str:
        """The digest of the vectors that are computed from pictures."""
        return hashlib.sha256(f"{self.name} {self.version}".encode()).hexdigest()


PICTURE = Embedding("picture", PictureEmbedding.size, fitted=PictureEmbedding)
REGIONS = Embedding("regions", RegionEmbedding.size, fitted=RegionEmbedding)

_registered: dict[str, Embedding] = {each.name: each for each in (PICTURE, REGIONS)}


def register(embedding: Embedding) -> None:
    """Add an embedding, from ``AppConfig.ready``; one of the same name replaces the other."""
    _registered[embedding.name] = embedding


def registered() -> tuple[Embedding, ...]:
    """Return all embeddings."""
    return tuple(_registered.values())
