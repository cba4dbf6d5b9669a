"""Tables of cells, whatever kind of file they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A row of a table, numbered as a spreadsheet would; a blank one has no cells.

    A row that cannot be read has its reason in ``problem``.
    """

    number: int
    cells: Sequence[str]
    problem: str = ""

    @property
    def is_blank(self) -> bool:
        return not (self.problem or any(self.cells))


@dataclass(frozen=True)
class Table:
    """The header of a table, and its rows, which ``lines()`` reads again each time."""

    header: Sequence[str]
    lines: Callable[[], Iterator[Line]]
    notes: Sequence[str] = ()


def clean_header(header: Sequence[str]) -> list[str]:
    """Return the names of the columns, each on one line."""
    return [" ".join(name.replace("\ufeff", "").split()) for name in header]


def count_named(header: Sequence[str]) -> int:
    """Return the number of columns up to the last that has a name."""
    return max((index for index, name in enumerate(header, start=1) if name), default=0)


def has_too_many(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Return whether a row has values beyond the last column."""
    return any(cell.strip() for cell in cells[len(header) :])


def has_too_few(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Return whether a row ends before the last column that has a name."""
    return len(cells) < count_named(header)
