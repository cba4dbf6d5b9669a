"""The relation of two pictures that show the same, as plain numbers. Needs NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from .transforms import area_of

if TYPE_CHECKING:
    from .geometry import Verification

#: Digits that are kept of a relative coordinate: a thousandth of a pixel at 1,000 pixels.
DIGITS = 6

Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Relation:
    """The way a candidate shows the picture of a query.

    The picture is ``mirrored`` or not, left and right exchanged, and then ``turned`` clockwise by
    degrees, -180 to 180. ``covered`` is the share of the candidate that the query shows, and
    ``query_covered`` that of the query that the candidate shows. ``region`` and ``query_region``
    are the same polygon on both, in coordinates of 0 to 1 of width and height.
    """

    inliers: int
    mirrored: bool
    turned: float
    covered: float
    query_covered: float
    region: Polygon
    query_region: Polygon

    @classmethod
    def of(cls, verification: Verification) -> Self:
        """Return the relation that a verification found."""
        return cls(
            inliers=verification.inliers,
            mirrored=verification.mirrored,
            # Turning the candidate back is what undoes the turn of the query.
            turned=round(verification.turned if verification.mirrored else -verification.turned, 1)
            + 0.0,
            covered=round(float(verification.covered), 4),
            query_covered=round(min(1.0, abs(area_of(verification.query_region))), 4),
            region=_polygon(verification.candidate_region.tolist()),
            query_region=_polygon(verification.query_region.tolist()),
        )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Read what ``to_json`` wrote."""
        regions = {name: _polygon(values[name]) for name in ("region", "query_region")}
        return cls(**{**values, **regions})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def reversed(self) -> Self:
        """Return the relation with query and candidate exchanged.

        To undo a turn is to turn back; a mirror image that was turned is undone by the same.
        """
        return replace(
            self,
            turned=self.turned if self.mirrored else 0.0 - self.turned,
            covered=self.query_covered,
            query_covered=self.covered,
            region=self.query_region,
            query_region=self.region,
        )


def _polygon(points: Sequence[Sequence[float]]) -> Polygon:
    return tuple((round(float(x), DIGITS), round(float(y), DIGITS)) for x, y in points)
