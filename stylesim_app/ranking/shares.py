"""The parts of a distance: what style and content add to it."""

from __future__ import annotations

from dataclasses import dataclass

from .closeness import Answer, Result
from .results import RankedAnswer, RankedWork


@dataclass(frozen=True)
class Part:
    """The style or the content in a distance, ``name``: its own distance, and its percentage of
    the total, None where nothing else counts or the total is zero."""

    name: str
    distance: float
    percent: int | None


def parts_of(answer: Answer, result: Result) -> list[Part]:
    """Return the parts that count in a distance; none where it has no parts.

    A part is left out if its weight is zero, and all are if the only one is the distance itself.
    """
    if not (isinstance(answer, RankedAnswer) and isinstance(result, RankedWork)):
        return []
    weighting = answer.weighting
    known = {
        "style": (weighting.style_weight, result.style_distance),
        "content": (weighting.content_weight, result.content_distance),
    }
    counted = {name: each for name, each in known.items() if each[0] > 0}
    if len(counted) == 1:
        return [
            Part(name, distance, None)
            for name, (weight, distance) in counted.items()
            if weight != 1
        ]
    if result.distance <= 0:
        return [Part(name, distance, None) for name, (_, distance) in counted.items()]
    style = round(100 * weighting.style_weight * result.style_distance / result.distance)
    percents = {"style": style, "content": 100 - style}
    return [Part(name, distance, percents[name]) for name, (_, distance) in counted.items()]
