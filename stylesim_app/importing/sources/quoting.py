"""The rows and cells of delimited text, where a stray quotation mark costs one row.

The ``csv`` module joins all lines up to the next quotation mark, and so loses the rows between.
Here a row is one line, unless a quoted cell that begins in it is properly closed in a later one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

#: The longest quoted cell.
MAX_LINES = 200
MAX_CHARACTERS = 1_000_000


class Quotes(Enum):
    """The state of the quotation marks of a text."""

    CLOSED = "closed"
    #: One that begins a cell, but does not end it.
    STRAY = "stray"
    #: One whose cell may go on in the next line.
    OPEN = "open"


@dataclass(frozen=True)
class Record:
    """The cells of a row, and whether they can be told apart."""

    cells: list[str]
    is_closed: bool = True


@lru_cache(maxsize=16)
def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a quoted cell with what follows it, and of one left open."""
    end = re.escape(delimiter)
    quoted = r'[ \u00a0]*"((?:[^"]++|"")*+)'
    return re.compile(rf'{quoted}"[ \u00a0]*({end}|\Z)'), re.compile(rf"{quoted}\Z")


def split(text: str, delimiter: str) -> tuple[list[str], Quotes]:
    """Return the cells of a row, and the state of its quotation marks.

    A cell that begins with a quotation mark, but is not properly closed, is taken literally.
    """
    if '"' not in text:
        return text.split(delimiter), Quotes.CLOSED
    quoted, unclosed = _patterns(delimiter)
    cells = []
    state = Quotes.CLOSED
    position = 0
    while True:
        if found := quoted.match(text, position):
            cells.append(found[1].replace('""', '"'))
            position = found.end()
            if not found[2]:
                return cells, state
            continue
        if unclosed.match(text, position):
            return [*cells, text[position:]], Quotes.OPEN
        end = text.find(delimiter, position)
        cell = text[position:] if end < 0 else text[position:end]
        if cell.lstrip().startswith('"'):
            state = Quotes.STRAY
        cells.append(cell)
        if end < 0:
            return cells, state
        position = end + len(delimiter)


def join_lines(
    lines: Iterator[str],
    delimiter: str,
    fits: Callable[[list[str]], bool],
    is_row: Callable[[list[str], list[str]], bool],
) -> Iterator[Record]:
    """Return the rows of a text of physical lines.

    Lines are joined where a quoted cell goes on over their end, if it is closed within MAX_LINES,
    the row then ``fits`` the header, and none of the joined lines ``is_row`` by
    itself, given its cells and those of the first line.
    Otherwise the first line alone is a row that is not closed. The first row is the header, and may
    have any number of cells.
    """
    waiting: deque[str] = deque()
    is_header = True
    while True:
        line = waiting.popleft() if waiting else next(lines, None)
        if line is None:
            return
        cells, state = split(line, delimiter)
        if state is not Quotes.OPEN:
            yield Record(cells)
            is_header = False
            continue
        count, joined = _close(line, waiting, lines, delimiter)
        following = [split(waiting[index], delimiter)[0] for index in range(count)]
        is_valid = is_header or (
            fits(joined) and not any(is_row(each, cells) for each in following)
        )
        is_header = False
        if not (count and is_valid):
            yield Record(cells, is_closed=False)
            continue
        for _line in range(count):
            waiting.popleft()
        yield Record(joined)


def _close(
    line: str, waiting: deque[str], lines: Iterator[str], delimiter: str
) -> tuple[int, list[str]]:
    """Return how many of the following lines close the last cell, and the cells; 0 if none do.

    The lines are left in ``waiting``.
    """
    text = line
    for count in range(1, MAX_LINES + 1):
        if len(waiting) < count:
            following = next(lines, None)
            if following is None:
                break
            waiting.append(following)
        text += "\n" + waiting[count - 1]
        if len(text) > MAX_CHARACTERS:
            break
        if '"' in waiting[count - 1]:
            cells, state = split(text, delimiter)
            if state is Quotes.CLOSED:
                return count, cells
            if state is Quotes.STRAY:
                break
    return 0, []
