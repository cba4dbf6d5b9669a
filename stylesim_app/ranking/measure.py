"""The lane ``measure``: the distance of Gatys, Ecker and Bethge, with its presets and weights."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from ..collection.swapping import get_artwork_model
from ..index.serving import Serving
from ..models import ImageSearch
from .copies import rank_copies
from .lanes import Lane
from .options import COPIES, RankingOptions
from .queries import FileQuery
from .results import RankedAnswer
from .similar import find_similar, find_similar_to_descriptor, find_similar_to_search


class Measure(Lane):
    """The default lane."""

    name = RankedAnswer.lane
    label = _("The paper's measure")
    question = _("What is near by style and content, as in neural style transfer?")
    meaning = _("The weighted distance of style and content; lower is closer.")
    limits = _("A cropped or blurred copy may be farther from its original than another work.")
    template = "stylesim_app/includes/results.html"
    takes_weights = ("preset", "style_weight", "content_weight", "layer_weights")

    def of_artwork(
        self,
        artwork: Any,
        options: RankingOptions,
        visible: QuerySet[Any],
        candidates: QuerySet[Any],
        serving: Serving | None = None,
    ) -> RankedAnswer:
        return find_similar(artwork, options, visible, candidates, serving)

    def of_search(
        self,
        search: ImageSearch,
        options: RankingOptions,
        visible: QuerySet[Any],
        candidates: QuerySet[Any],
        serving: Serving | None = None,
    ) -> RankedAnswer:
        return find_similar_to_search(search, options, visible, candidates, serving)

    def of_file(
        self, file: FileQuery, options: RankingOptions, serving: Serving | None = None
    ) -> RankedAnswer:
        if options.preset == COPIES:
            works = get_artwork_model()._default_manager.all()
            return rank_copies(file, options, works, works, serving or Serving())
        descriptor = file.described.descriptor
        return find_similar_to_descriptor(file.shown, descriptor, options, serving)
