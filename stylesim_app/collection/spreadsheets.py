"""Texts in tables for spreadsheet programs, which take some of them for formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: The beginning of a UTF-8 file, by which spreadsheet programs know its encoding.
BYTE_ORDER_MARK = "\ufeff"

_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r]")
#: A negative number, such as a year before Christ, is no formula.
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


def protect(text: str) -> str:
    """Return a text with an apostrophe before it if a spreadsheet would take it for a formula.

    >>> protect("=1+1"), protect("-500"), protect("'s-Hertogenbosch")
    ("'=1+1", '-500', "'s-Hertogenbosch")
    """
    return f"'{text}" if is_formula(text) and not _NUMBER.fullmatch(text) else text


def unprotect(text: str) -> str:
    """Return the text that ``protect`` was given.

    >>> unprotect("'=1+1"), unprotect("''=1"), unprotect("'s-Hertogenbosch")
    ('=1+1', "'=1", "'s-Hertogenbosch")
    """
    return text[1:] if text.startswith("'") and is_formula(text) else text


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet might compute a text, also without the apostrophes before it."""
    return _FORMULA.match(text) is not None


class _Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Return the lines of a CSV file with protected texts, with a byte order mark in the first."""
    writer = csv.writer(_Echo())
    mark = BYTE_ORDER_MARK
    for row in rows:
        cells = ["" if cell is None else cell for cell in row]
        yield mark + writer.writerow(
            [protect(cell) if isinstance(cell, str) else cell for cell in cells]
        )
        mark = ""
