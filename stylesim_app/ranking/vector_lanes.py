"""Lanes that compare vectors by cosine: artist's style, content, regions, and those of hosts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from ..collection.swapping import get_artwork_model
from ..core.boxes import Box
from ..core.descriptors import CONTENT_LAYER, Provenance
from ..core.embedding import RMAC, RegionEmbedding, Vectors
from ..core.images import Picture
from ..core.scale import PairScale
from ..index import scales
from ..index.embeddings import PICTURE, REGIONS, Embedding
from ..index.near_pairs import Comparison
from ..index.serving import Serving
from ..index.vectors import fitted_to
from ..models import ImageSearch
from . import coverage, vectors
from .copies import layer_shares
from .lanes import Lane
from .options import RankingOptions
from .queries import ArtworkQuery, FileQuery, Query, SearchQuery, others

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class LaneResult:
    """A ranked work; ``figure`` is its cosine distance, 0 to 2.

    ``unusual`` is the share of random pairs that are as close, None while there is no sample;
    ``region`` is the box of the work that is nearest to the query, None for the entire picture.
    """

    rank: int
    artwork: Any
    figure: float
    unusual: float | None
    region: Box | None


@dataclass(frozen=True)
class LaneAnswer:
    """The works nearest to a query in a lane, and the facts needed to interpret the figures.

    ``region`` is the part of the query that was searched for. ``scale`` holds the figures of random
    pairs of the collection. With ``local_scaling``, the figures of works near to many others are
    greater than their distances.
    """

    lane: str
    query: Any
    region: Box | None
    indexed: int
    visible: int
    provenance: Provenance | None
    scale: PairScale | None
    local_scaling: bool
    results: list[LaneResult]


class VectorLane(Lane):
    """A lane that ranks by the cosine of vectors; the base of a host's own lane.

    A host names ``size``, the numbers of a vector, and ``version``, which names all that changes
    them, and defines ``embed``. Artworks that are indexed from then on have vectors; older ones
    once they are indexed again.
    """

    size: ClassVar[int]
    version: ClassVar[str] = ""
    #: True if distances are corrected by local scaling, where the collection is large enough.
    scaled_locally: ClassVar[bool] = False
    #: True if works near to a window of a query count as near, where it is seen in windows.
    by_windows: ClassVar[bool] = False

    def embed(self, pictures: Sequence[Picture]) -> NDArray[np.floating[Any]]:
        """Return a vector of each decoded picture, ``(n, size)``, of any length but zero.

        A worker calls this in a thread without a database.
        """
        raise NotImplementedError

    @property
    def embedding(self) -> Embedding:
        """The embedding that the lane searches; by default, one of its own by ``embed``."""
        return Embedding(self.name, self.size, embed=self._embed, version=self.version)

    @property
    def embeddings(self) -> Sequence[Embedding]:  # type: ignore[override]
        return (self.embedding,)

    @property
    def pairs_by(self) -> Comparison:  # type: ignore[override]
        return Comparison(self.embedding, self.weights(RankingOptions()))

    def weights(self, options: RankingOptions) -> scales.Weights:
        """Return the weights of the parts of a vector; none if it has no parts."""
        return ()

    def of_artwork(
        self,
        artwork: Any,
        options: RankingOptions,
        visible: QuerySet[Any],
        candidates: QuerySet[Any],
        serving: Serving | None = None,
    ) -> LaneAnswer:
        candidates = others(artwork, candidates, options)
        return self._rank(ArtworkQuery(artwork), options, visible, candidates, serving)

    def of_search(
        self,
        search: ImageSearch,
        options: RankingOptions,
        visible: QuerySet[Any],
        candidates: QuerySet[Any],
        serving: Serving | None = None,
    ) -> LaneAnswer:
        return self._rank(SearchQuery(search), options, visible, candidates, serving)

    def of_file(
        self, file: FileQuery, options: RankingOptions, serving: Serving | None = None
    ) -> LaneAnswer:
        works = get_artwork_model()._default_manager.all()
        return self._rank(file, options, works, works, serving)

    def _rank(
        self,
        query: Query,
        options: RankingOptions,
        visible: QuerySet[Any],
        candidates: QuerySet[Any],
        serving: Serving | None,
    ) -> LaneAnswer:
        serving = serving or Serving()
        search, queries = self._begin(query, options, serving)
        weights = self.weights(options)
        queries = scales.weigh(queries, weights)
        scaling = scales.local_scaling(search.index, weights) if self.scaled_locally else None
        if scaling is None:
            found = search.nearest(queries, candidates, options.limit)
        else:
            found = search.nearest_scaled(queries[0], candidates, options.limit, scaling)
        scale = scales.scale_of(search.index, weights, locally=scaling is not None)
        if scale is not None and len(queries) > 1:
            scale = scale.of_least(len(queries))
        indexed, total = coverage.count(visible, serving.descriptor_set)
        descriptor_set = serving.descriptor_set
        return LaneAnswer(
            lane=self.name,
            query=query.shown,
            region=options.region if self.takes_region else None,
            indexed=indexed,
            visible=total,
            provenance=None if descriptor_set is None else descriptor_set.to_provenance(),
            scale=scale,
            local_scaling=scaling is not None,
            results=[
                LaneResult(
                    rank=rank,
                    artwork=artwork,
                    figure=max(0.0, each.distance),
                    unusual=None if scale is None else scale.unusual(each.distance),
                    region=each.box,
                )
                for rank, (each, artwork) in enumerate(found, start=1)
            ],
        )

    def _begin(
        self, query: Query, options: RankingOptions, serving: Serving
    ) -> tuple[vectors.Search, FloatArray]:
        """Return a search, and the vectors of the query ``(n, d)``, of which the nearest counts."""
        search = vectors.begin(query, self.embedding, serving)
        return search, search.vectors if self.by_windows else search.vectors[:1]

    def _embed(self, pictures: Sequence[Picture]) -> list[Vectors]:
        numbers = np.asarray(self.embed(pictures), np.float32)
        if numbers.shape != (len(pictures), self.size):
            raise ValueError(
                f"expected vectors of {(len(pictures), self.size)}, got {numbers.shape}"
            )
        norms = np.linalg.norm(numbers, axis=1, keepdims=True)
        return [Vectors.of_picture(each) for each in numbers / np.where(norms > 0, norms, 1)]


class ArtistStyle(VectorLane):
    """Whitened style: the layers of a query count by its layer weights."""

    name = "artist_style"
    label = _("Similar style")
    question = _("Whose style does it look like?")
    meaning = _(
        "The distance of the whitened styles, from 0 to about 2; lower is closer. It is greater "
        "for works that are near to many others."
    )
    limits = _(
        "Works by one artist in different techniques may be far apart, and works by a pupil near."
    )
    takes_weights = ("layer_weights",)
    embedding = PICTURE
    scaled_locally = True

    def weights(self, options: RankingOptions) -> scales.Weights:
        return tuple(layer_shares(options.layer_weights).items())


class Content(VectorLane):
    """The content map, as differences from the mean of the collection."""

    name = "content"
    label = _("Similar content")
    question = _("What shows the same, arranged the same?")
    meaning = _(
        "The distance of the contents, from 0 to about 2; lower is closer. It is greater for works "
        "that are near to many others."
    )
    limits = _("A picture that is turned, or of which only a small part is shown, is missed.")
    embedding = PICTURE
    scaled_locally = True

    def weights(self, options: RankingOptions) -> scales.Weights:
        return ((CONTENT_LAYER, 1.0),)


class Regions(VectorLane):
    """R-MAC: entire pictures, or the regions of works that are nearest to a part of the query.

    A searched image that is wide or high is compared by its windows too, for it may show several
    works beside each other.
    """

    name = "regions"
    label = _("Details")
    question = _("Where does this detail occur?")
    meaning = _("The distance of the nearest region, from 0 to 2; lower is closer.")
    limits = _(
        "A detail smaller than a third of a picture, or one that is turned, is often missed."
    )
    takes_region = True
    by_windows = True
    embedding = PICTURE

    def weights(self, options: RankingOptions) -> scales.Weights:
        return () if options.region else ((RMAC, 1.0),)

    def _begin(
        self, query: Query, options: RankingOptions, serving: Serving
    ) -> tuple[vectors.Search, FloatArray]:
        if options.region is None:
            return super()._begin(query, options, serving)
        search = vectors.begin(query, REGIONS, serving)
        fitted = fitted_to(search.index, REGIONS)
        if not isinstance(fitted, RegionEmbedding):
            raise TypeError(f"expected a RegionEmbedding, got {type(fitted).__name__}")
        descriptor = query.descriptor(serving)
        return search, fitted.whitening.describe_box(descriptor, options.region)[None]
