"""The range of years in which a work was made."""

from __future__ import annotations

from dataclasses import dataclass

#: Years lie between these. Before Christ they are negative: -1 is 1 BC, and there is no year 0.
FIRST_YEAR = -999_999
LAST_YEAR = 9999


@dataclass(frozen=True)
class YearRange:
    """The earliest and the latest year, None where a date is open, and one year for sorting."""

    earliest: int | None
    latest: int | None
    year: int

    @classmethod
    def of(cls, earliest: int, latest: int) -> YearRange:
        """Return a range that is sorted by its first year."""
        return cls(earliest, latest, earliest)

    @classmethod
    def around(cls, earliest: int, latest: int) -> YearRange:
        """Return a range that is sorted by its middle, as centuries are."""
        return cls(earliest, latest, int((earliest + latest) / 2) or earliest)

    def contains(self, other: YearRange) -> bool:
        """Return whether both ends are known and the other range lies between them."""
        if None in (self.earliest, self.latest, other.earliest, other.latest):
            return False
        return self.earliest <= other.earliest and other.latest <= self.latest  # type: ignore[operator]

    def overlaps(self, other: YearRange) -> bool:
        """Return whether both ranges may share a year; an open end counts as its known year."""
        return self.first <= other.last and other.first <= self.last

    @property
    def first(self) -> int:
        """The earliest known year."""
        return self.year if self.earliest is None else self.earliest

    @property
    def last(self) -> int:
        """The latest known year."""
        return self.year if self.latest is None else self.latest


@dataclass(frozen=True)
class Found:
    """A date in a text, from ``start`` to ``end``; without ``years`` it cannot be read.

    A ``named`` period gives way to a date in digits that it overlaps.
    """

    start: int
    end: int
    years: YearRange | None
    named: bool = False
