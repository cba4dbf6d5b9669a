"""Describe the pictures of an evaluation, and keep what was computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.descriptors import Descriptor
from ..core.errors import ImageError
from ..core.images import Picture
from ..core.same_picture.detail import QUERY, WORK, Detail
from ..index.embeddings import Embedding
from ..messages import WorkError
from ..work import pipeline
from .collection import Item, describe_problem
from .kept import Kept

#: Pictures that are described at once.
BATCH = 8


@dataclass(frozen=True, eq=False)
class Needs:
    """The input of the lanes: descriptors, features of works, and vectors by embedding."""

    descriptors: bool
    features: bool
    embeddings: Sequence[Embedding] = ()


class Describer:
    """Describes pictures with the network of the settings, into a folder."""

    def __init__(self, kept: Kept, needs: Needs) -> None:
        self.kept = kept
        self.needs = needs
        self.provenance = pipeline.get_network().provenance if needs.descriptors else None
        self.network = self.provenance.digest[:16] if self.provenance else ""

    def descriptor_path(self, key: str) -> Path:
        return self.kept.path(f"descriptors-{self.network}", f"{key}.safetensors")

    def features_path(self, key: str) -> Path:
        from ..core.same_picture.vocabulary import load_vocabulary

        return self.kept.path(f"features-{load_vocabulary().fingerprint.hex()}", f"{key}.bin")

    def vectors_path(self, embedding: Embedding, key: str) -> Path:
        return self.kept.path(f"{embedding.name}-{embedding.digest[:16]}", f"{key}.npy")

    def describe(self, items: Sequence[Item], *, works: bool) -> Iterator[tuple[Item, str]]:
        """Describe what is not kept; yield each picture, and why it cannot be read, if so."""
        detail = WORK if works else QUERY
        if not (works and self.needs.features):
            detail = detail._replace(features=0)
        missing = []
        for item in items:
            if self._is_complete(item.key, works):
                yield item, ""
            else:
                missing.append(item)
        with ThreadPoolExecutor(1, "stylesim-decode") as decoder:
            try:
                waiting: list[tuple[tuple[Item, ...], list[Future[Picture | str]]]] = []
                rest = iter(missing)
                while batch := tuple(islice(rest, BATCH)):
                    futures = [decoder.submit(_attempt_to_read, item, detail) for item in batch]
                    waiting.append((batch, futures))
                    # One batch is decoded while the network sees the one before.
                    if len(waiting) > 1:
                        yield from self._describe_batch(*waiting.pop(0), works)
                for each in waiting:
                    yield from self._describe_batch(*each, works)
            finally:
                decoder.shutdown(cancel_futures=True)

    def _describe_batch(
        self, batch: Sequence[Item], futures: Sequence[Future[Picture | str]], works: bool
    ) -> Iterator[tuple[Item, str]]:
        read = [future.result() for future in futures]
        pairs = zip(batch, read, strict=True)
        decoded = [(item, each) for item, each in pairs if isinstance(each, Picture)]
        pictures = [picture for _item, picture in decoded]
        if decoded:
            described: Sequence[Descriptor | None] = (
                pipeline.describe(pictures) if self.needs.descriptors else [None] * len(pictures)
            )
            for embedding in self.needs.embeddings:
                if embedding.embed is not None:
                    found = embedding.embed(pictures)
                    for (item, _picture), vectors in zip(decoded, found, strict=True):
                        self.kept.write(
                            self.vectors_path(embedding, item.key), _to_npy(vectors.numbers)
                        )
            for (item, picture), descriptor in zip(decoded, described, strict=True):
                self._keep(item.key, picture, descriptor, works)
        for item, each in zip(batch, read, strict=True):
            yield item, "" if isinstance(each, Picture) else each

    def _keep(self, key: str, picture: Picture, descriptor: Descriptor | None, works: bool) -> None:
        if works and self.needs.features and picture.features is not None:
            from ..core.same_picture.vocabulary import load_vocabulary

            compact = load_vocabulary().encode(picture.features)
            self.kept.write(self.features_path(key), compact.to_bytes())
        if descriptor is not None:
            self.kept.write(self.descriptor_path(key), descriptor.to_bytes())

    def _is_complete(self, key: str, works: bool) -> bool:
        paths = [self.vectors_path(each, key) for each in self.needs.embeddings]
        if self.needs.descriptors:
            paths.append(self.descriptor_path(key))
        if works and self.needs.features:
            paths.append(self.features_path(key))
        # Where nothing is kept, reading shows whether the picture can be read.
        return bool(paths) and all(path.exists() for path in paths)


def _attempt_to_read(item: Item, detail: Detail | None) -> Picture | str:
    try:
        return item.read(detail)
    except (ImageError, WorkError, OSError) as error:
        return describe_problem(error)


def _to_npy(numbers: NDArray[np.float32]) -> bytes:
    buffer = BytesIO()
    np.save(buffer, numbers)
    return buffer.getvalue()
