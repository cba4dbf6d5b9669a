"""The lanes of an evaluation: the distances of all queries to all works, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from ..core.calibration import sample_pairs
from ..core.distances import PRESETS, Weighting
from ..core.embedding import FittedEmbedding
from ..core.errors import DescriptorError
from ..core.local_scaling import FEWEST, LocalScaling
from ..index import scales
from ..index import vectors as vector_indexes
from ..index.calibration import MINIMUM_WORKS, PAIR_WORKS
from ..index.embeddings import PICTURE, Embedding
from ..index.same_picture import FEWEST_INLIERS
from ..ranking.copies import part_weights
from ..ranking.lanes import Lane
from ..ranking.measure import Measure
from ..ranking.options import COPIES, COPIES_WEIGHTS, RankingOptions
from ..ranking.same_picture import SamePictureLane
from ..ranking.vector_lanes import VectorLane
from .collection import Collection, Item, Track
from .describing import Describer
from .distances import measure_distances, read_all
from .kept import digest

Matrix = NDArray[np.floating[Any]]


class NotMeasured(Exception):
    """The reason why a lane cannot be measured on a collection."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """A lane, or one of its presets, with the distances ``(q, c)`` of what was asked to the works.

    ``shown_to`` is the largest distance that the lane shows. The first rows are those of the works
    if ``with_works``; the others are the queries.
    """

    lane: str
    preset: str
    distances: Matrix
    with_works: bool = True
    shown_to: float = np.inf


@dataclass
class Scene:
    """A described collection. ``asked`` holds its works, if they are asked for, then the queries.

    ``fits`` records by embedding what its vectors were fitted to.
    """

    collection: Collection
    describer: Describer
    track: Track
    fits: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def works(self) -> list[Item]:
        return [work.item for work in self.collection.works]

    @property
    def with_works(self) -> bool:
        return bool(self.collection.labels)

    @property
    def asked(self) -> list[Item]:
        own = self.works if self.with_works else []
        return [*own, *(query.item for query in self.collection.queries)]

    @property
    def key(self) -> str:
        return digest([*(item.key for item in self.works), "", *(each.key for each in self.asked)])

    def paths(self, items: Sequence[Item]) -> list[Path]:
        return [self.describer.descriptor_path(item.key) for item in items]

    def sample(self, count: int) -> list[Path]:
        """Return the descriptors of up to ``count`` random works."""
        paths = self.paths(self.works)
        return [paths[at] for at in self.sample_keys(count).tolist()]

    def sample_keys(self, count: int) -> NDArray[np.int64]:
        """Return the places of up to ``count`` random works."""
        return np.random.default_rng(len(self.works)).permutation(len(self.works))[:count]


def rank(lane: Lane, scene: Scene) -> Iterator[Ranking]:
    """Yield what a lane and each of its presets make of a collection.

    Raises NotMeasured at the preset that cannot be measured, which is the last.
    """
    if isinstance(lane, Measure):
        yield from _rank_by_measure(lane, scene)
    elif isinstance(lane, SamePictureLane):
        yield _rank_same_pictures(lane, scene)
    elif isinstance(lane, VectorLane):
        yield Ranking(lane.name, "", _vector_distances(lane, scene), scene.with_works)
    else:
        raise NotMeasured(_("It ranks by the database, and cannot be measured without."))


def _rank_by_measure(lane: Lane, scene: Scene) -> Iterator[Ranking]:
    asked, works = scene.paths(scene.asked), scene.paths(scene.works)
    label = _("Measuring distances")
    parts = scene.describer.kept.arrays(
        f"distances-{scene.describer.network}",
        scene.key,
        lambda: measure_distances(
            asked, works, lambda steps: scene.track(steps, len(steps), label)
        ),
    )
    for preset, weights in PRESETS.items():
        if weights is None:
            if len(works) < MINIMUM_WORKS:
                continue
            weights = sample_pairs(list(read_all(scene.sample(PAIR_WORKS)))).balanced_weights()
        style, content = weights
        yield Ranking(
            lane.name, preset, style * parts["style"] + content * parts["content"], scene.with_works
        )
    copies = part_weights(Weighting(*COPIES_WEIGHTS))
    yield Ranking(lane.name, COPIES, _cosine_distances(PICTURE, copies, scene), scene.with_works)


def _vector_distances(lane: VectorLane, scene: Scene) -> Matrix:
    weights = lane.weights(RankingOptions())
    distances = _cosine_distances(lane.embedding, weights, scene, by_windows=lane.by_windows)
    if lane.scaled_locally and len(scene.works) >= FEWEST:
        vectors = _vectors(lane.embedding, scene)["works"]
        sample = scene.sample_keys(scales.SAMPLE)
        queries = scales.weigh(vectors[sample], weights)
        scaling = LocalScaling.fit(vectors[sample], queries, sample)
        distances += scaling.offsets(vectors, np.arange(len(vectors)))
    return distances


def _cosine_distances(
    embedding: Embedding, weights: scales.Weights, scene: Scene, *, by_windows: bool = False
) -> Matrix:
    vectors = _vectors(embedding, scene)
    firsts = _starts(vectors["asked_counts"])
    asked = vectors["asked"] if by_windows else vectors["asked"][firsts]
    products = scales.weigh(asked, weights) @ vectors["works"].T
    largest = np.maximum.reduceat(products, _starts(vectors["counts"]), axis=1)
    distances: Matrix = 1 - (np.maximum.reduceat(largest, firsts) if by_windows else largest)
    return distances


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the rows of each picture begin."""
    starts: NDArray[np.int64] = np.cumsum(counts) - counts
    return starts


def _vectors(embedding: Embedding, scene: Scene) -> Mapping[str, NDArray[Any]]:
    """Return the vectors of works and of all that is asked, and how many each has."""
    describe: Callable[[Item], NDArray[Any]]
    if embedding.fitted is None:
        scene.fits[embedding.name] = {"computed_from": "pictures", "version": embedding.version}

        def describe(item: Item) -> NDArray[Any]:
            vectors: NDArray[Any] = np.load(scene.describer.vectors_path(embedding, item.key))
            return vectors

        key = embedding.digest
    else:
        fitted = _fit(embedding, scene)
        key = fitted.digest

        def describe(item: Item) -> NDArray[Any]:
            [descriptor] = read_all(scene.paths([item]))
            return fitted.describe(descriptor).numbers

    label = _("Computing vectors %(name)s") % {"name": embedding.name}

    def compute() -> dict[str, NDArray[Any]]:
        every = {item.key: item for item in (*scene.works, *scene.asked)}
        described = {
            key: describe(item) for key, item in scene.track(every.items(), len(every), label)
        }
        works = [described[item.key] for item in scene.works]
        asked = [described[item.key] for item in scene.asked]
        return {
            "works": np.concatenate(works),
            "counts": np.array([len(each) for each in works]),
            "asked": np.concatenate(asked),
            "asked_counts": np.array([len(each) for each in asked]),
        }

    kind = f"all-vectors-{embedding.name}"
    return scene.describer.kept.arrays(kind, digest([key, scene.key]), compute)


def _fit(embedding: Embedding, scene: Scene) -> FittedEmbedding:
    """Return the embedding that would serve the collection. Raises NotMeasured."""
    kind = embedding.fitted
    if kind is None:
        raise ValueError(f"the embedding {embedding.name!r} is computed from pictures")
    count = len(scene.works)
    provenance = scene.describer.provenance
    suits = provenance is not None and kind.shipped().suits(provenance)
    shipped = kind.shipped() if suits else None
    if count < vector_indexes.least_works_to_fit(kind, shipped is not None):
        if shipped is None:
            raise NotMeasured(
                _("Its vectors are fitted to %(count)d works or more.")
                % {"count": vector_indexes.MINIMUM_FIRST}
            )
        scene.fits[embedding.name] = {"fitted_to": "shipped", "digest": shipped.digest}
        return shipped
    sample = scene.sample(vector_indexes.FIT_WORKS)
    path = scene.describer.kept.path(
        f"fits-{embedding.name}-{scene.describer.network}",
        f"{digest(each.stem for each in sample)}.safetensors",
    )
    if path.exists():
        fitted: FittedEmbedding = kind.from_bytes(path.read_bytes())
    else:
        try:
            # Read several times, so that a bar would show one of them.
            fitted = kind.fit_collection(partial(read_all, sample))
        except (ValueError, DescriptorError) as error:
            raise NotMeasured(str(error)) from error
        scene.describer.kept.write(path, fitted.to_bytes())
        fitted = kind.from_bytes(path.read_bytes())
    scene.fits[embedding.name] = {
        "fitted_to": "collection",
        "works": len(sample),
        "digest": fitted.digest,
    }
    return fitted


def _rank_same_pictures(lane: Lane, scene: Scene) -> Ranking:
    """Rank by inliers, negative, since lower is closer. Only queries are asked."""
    from .same_pictures import count_inliers

    inliers = count_inliers(scene.works, scene.collection.queries, scene.describer, scene.track)
    return Ranking(lane.name, "", inliers, with_works=False, shown_to=-FEWEST_INLIERS)
