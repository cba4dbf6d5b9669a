"""Options of a ranking."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.boxes import Box
from ..core.calibration import PairSample
from ..core.distances import DEFAULT_PRESET, EQUAL_LAYER_WEIGHTS, Weighting, resolve_preset
from ..core.errors import WeightingError
from ..index.calibration import MINIMUM_WORKS
from ..index.serving import Serving

CUSTOM = "custom"
#: Half whitened style, half content, both by cosine: no weighting of the measure.
COPIES = "copies"
COPIES_WEIGHTS = (0.5, 0.5)


@dataclass(frozen=True)
class RankingOptions:
    """The options of a ranking; custom weights, if given, replace those of the preset.

    A ``region`` is the part of the query to search for, in the lanes that can.
    """

    preset: str = DEFAULT_PRESET
    style_weight: float | None = None
    content_weight: float | None = None
    layer_weights: tuple[float, ...] = EQUAL_LAYER_WEIGHTS
    limit: int = 10
    exclude_same_artist: bool = False
    region: Box | None = None

    @property
    def name(self) -> str:
        """The preset, or ``custom``."""
        if self.preset == COPIES:
            return COPIES
        own = self.style_weight is not None or self.content_weight is not None
        return CUSTOM if own else self.preset

    def weighting(self, serving: Serving) -> Weighting:
        """Return the weights of the two distances and the layers.

        Raises WeightingError for weights that define no distance, or an unknown preset.
        """
        preset: tuple[float, float] | None = COPIES_WEIGHTS
        if self.preset != COPIES:
            preset = resolve_preset(self.preset, others=[COPIES])
        if preset is None:
            preset = _require(serving.pairs).balanced_weights(self.layer_weights)
        style, content = preset
        return Weighting(
            style_weight=style if self.style_weight is None else self.style_weight,
            content_weight=content if self.content_weight is None else self.content_weight,
            layer_weights=self.layer_weights,
        )


def _require(pairs: PairSample | None) -> PairSample:
    if pairs is None:
        raise WeightingError("weighting_calibration", minimum=MINIMUM_WORKS)
    return pairs
