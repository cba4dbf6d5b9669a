"""Ranked similar works: one service behind pages, admin, API and commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from .. import files
from ..collection.swapping import get_artwork_model, has_field
from ..core.descriptors import STYLE_LAYERS, Descriptor, Provenance
from ..core.distances import DEFAULT_PRESET, EQUAL_LAYER_WEIGHTS, Weighting, resolve_preset
from ..core.errors import DescriptorError, WeightingError
from ..core.ranking import Ranking
from ..exceptions import NotIndexed
from ..index import calibration, neighbours, repair, sets
from ..index.nearest import Nearest, find_nearest
from ..index.neighbours import Ranked
from ..messages import localize
from ..models import Calibration, DescriptorSet, ImageSearch, IndexEntry, StoredDescriptor, WorkItem
from . import coverage

CUSTOM = "custom"


@dataclass(frozen=True)
class RankingOptions:
    """What to rank by. Weights of one's own, where given, take the place of the preset's."""

    preset: str = DEFAULT_PRESET
    style_weight: float | None = None
    content_weight: float | None = None
    layer_weights: tuple[float, ...] = EQUAL_LAYER_WEIGHTS
    limit: int = 10
    exclude_same_artist: bool = False

    @property
    def name(self) -> str:
        """The preset, or ``custom``."""
        own = self.style_weight is not None or self.content_weight is not None
        return CUSTOM if own else self.preset

    def weighting(self) -> Weighting:
        """Raises WeightingError for weights that define no distance, or an unknown preset."""
        if self.preset == "balanced":
            pairs = calibration.serving_pairs()
            if pairs is None:
                raise WeightingError("weighting_calibration", minimum=calibration.MINIMUM_WORKS)
            style, content = pairs.balanced_weights(self.layer_weights)
        else:
            style, content = resolve_preset(self.preset)
        return Weighting(
            style_weight=style if self.style_weight is None else self.style_weight,
            content_weight=content if self.content_weight is None else self.content_weight,
            layer_weights=self.layer_weights,
        )


@dataclass(frozen=True)
class Result:
    """One ranked work. ``closer_than`` is a percentage of random pairs, None uncalibrated."""

    rank: int
    artwork: Any
    distance: float
    style_distance: float
    content_distance: float
    layer_distances: dict[str, float]
    closer_than: float | None


@dataclass(frozen=True)
class RankedAnswer:
    """The works nearest to a query, and all that is needed to understand the figures.

    ``query`` is the artwork, the image search or the file name that was asked about; of the
    ``visible`` works that the caller may see, ``indexed`` can be ranked.
    """

    query: Any
    preset: str
    weighting: Weighting
    certified: bool
    indexed: int
    visible: int
    provenance: Provenance | None
    results: list[Result]


def find_similar(
    artwork: Any, options: RankingOptions, visible: QuerySet[Any], candidates: QuerySet[Any]
) -> RankedAnswer:
    """Rank candidates, a part of the visible works, by their distance to an artwork.

    Raises NotIndexed if it has no descriptor yet, WeightingError for unusable weights.
    """
    serving = sets.serving_set()
    stored = find_stored(artwork, serving)
    candidates = candidates.exclude(pk=artwork.pk)
    if options.exclude_same_artist and has_field("artist") and artwork.artist:
        candidates = candidates.exclude(artist=artwork.artist)
    weighting = options.weighting()
    ranked = None
    if weighting == neighbours.WEIGHTING:
        ranked = neighbours.rank_listed(stored, candidates, options.limit)
    if ranked is None:
        ranked = _search(read_stored(stored), serving, weighting, options.limit, candidates)
    return _answer(artwork, ranked, serving, options, weighting, visible, candidates)


def find_similar_to_search(
    search: ImageSearch, options: RankingOptions, visible: QuerySet[Any], candidates: QuerySet[Any]
) -> RankedAnswer:
    """As ``find_similar``, for a searched image.

    Raises NotIndexed if it waits, failed, or was described by a network that serves no more.
    """
    if search.state != WorkItem.State.INDEXED:
        reason = search.reason or _("The image is waiting for a worker to describe it.")
        raise NotIndexed(search.state, reason)
    serving = sets.serving_set()
    if serving is None or search.descriptor_set_id != serving.pk:
        raise _network_changed()
    try:
        descriptor = files.read_descriptor(search.descriptor_name)
    except DescriptorError as error:
        raise NotIndexed(WorkItem.State.FAILED, localize(error)) from error
    weighting = options.weighting()
    ranked = _search(descriptor, serving, weighting, options.limit, candidates)
    return _answer(search, ranked, serving, options, weighting, visible, candidates)


def find_similar_to_descriptor(
    name: str, descriptor: Descriptor, options: RankingOptions
) -> RankedAnswer:
    """As ``find_similar``, among all works, for an image that was described just now.

    Raises NotIndexed if the collection was described by another network.
    """
    serving = sets.serving_set()
    if serving is not None and serving.digest != descriptor.provenance.digest:
        raise NotIndexed(
            WorkItem.State.STALE,
            _("The collection was described by another network; index the stale works first."),
        )
    artworks = get_artwork_model()._default_manager.all()
    weighting = options.weighting()
    ranked = _search(descriptor, serving, weighting, options.limit, artworks)
    return _answer(name, ranked, serving, options, weighting, artworks, artworks)


def _network_changed() -> NotIndexed:
    return NotIndexed(
        WorkItem.State.STALE,
        _("The network has changed since this search was made. Please search again."),
    )


def find_stored(artwork: Any, serving: DescriptorSet | None) -> StoredDescriptor:
    """What is stored of an artwork in the serving set. Raises NotIndexed if nothing is."""
    entry = IndexEntry.objects.filter(artwork=artwork).first()
    stored = (
        StoredDescriptor.objects.filter(entry=entry, descriptor_set=serving).first()
        if entry is not None and serving is not None
        else None
    )
    if stored is None:
        state = entry.state if entry is not None else WorkItem.State.PENDING
        reason = entry.reason if entry is not None else ""
        raise NotIndexed(state, reason or _("This work is waiting for a worker to describe it."))
    return stored


def read_stored(stored: StoredDescriptor) -> Descriptor:
    """Return the descriptor in a file. Raises NotIndexed, and notes it, if the file is damaged."""
    try:
        return files.read_descriptor(stored.file_name)
    except DescriptorError as error:
        repair.suspect([(stored.pk, error)])
        raise NotIndexed(WorkItem.State.FAILED, localize(error)) from error


def _search(
    descriptor: Descriptor,
    serving: DescriptorSet | None,
    weighting: Weighting,
    limit: int,
    candidates: QuerySet[Any],
) -> Ranked:
    def find() -> Nearest:
        [nearest] = find_nearest(
            [descriptor],
            calibration.serving_store(serving),
            coverage.described(candidates, serving),
            weighting,
            limit,
        )
        return nearest

    try:
        nearest = find()
    except Calibration.DoesNotExist:
        # Another calibration took its place meanwhile, and that one is complete.
        nearest = find()
    # So few are there, or they went meanwhile with their set.
    few = len(nearest.candidates) < limit
    if few and serving is not None and serving != sets.serving_set():
        raise _network_changed()
    return Ranked([candidate.artwork for candidate in nearest.candidates], nearest.ranking)


def _answer(
    query: Any,
    ranked: Ranked,
    serving: DescriptorSet | None,
    options: RankingOptions,
    weighting: Weighting,
    visible: QuerySet[Any],
    candidates: QuerySet[Any],
) -> RankedAnswer:
    found = candidates.in_bulk(ranked.keys)
    indexed, total = coverage.count(visible, serving)
    artworks = [found.get(key) for key in ranked.keys]
    return RankedAnswer(
        query=query,
        preset=options.name,
        weighting=weighting,
        certified=ranked.ranking.certified,
        indexed=indexed,
        visible=total,
        provenance=None if serving is None else serving.to_provenance(),
        results=list_results(ranked.ranking, weighting, artworks),
    )


def list_results(ranking: Ranking, weighting: Weighting, artworks: Sequence[Any]) -> list[Result]:
    """All figures of a ranking; ``artworks`` follow its order, None for one that is gone."""
    pairs = calibration.serving_pairs()
    closer_than: list[float | None] = [None] * len(artworks)
    if pairs is not None:
        closer_than = [float(share) for share in pairs.closer_than(ranking.distances, weighting)]
    return [
        Result(
            rank=index + 1,
            artwork=artwork,
            distance=float(ranking.distances[index]),
            style_distance=float(ranking.style_distances[index]),
            content_distance=float(ranking.parts.content[index]),
            layer_distances=dict(
                zip(STYLE_LAYERS, map(float, ranking.parts.layers[index]), strict=True)
            ),
            closer_than=closer_than[index],
        )
        for index, artwork in enumerate(artworks)
        if artwork is not None
    ]
