"""Years as catalogues write them: the range that a text means, and a number for sorting.

A text that cannot be read for certain has no years; it is never filed under another age.
"""

from __future__ import annotations

import re
from functools import lru_cache

from . import year_marks as marks
from .centuries import find_centuries, find_decades, find_millennia
from .edtf import parse_edtf
from .folding import fold
from .named_periods import find_periods, find_reigns
from .numerals import spell_years
from .written_years import find_years, has_foreign_digits, with_plain_thousands
from .year_range import FIRST_YEAR, LAST_YEAR, Found, YearRange

__all__ = ["FIRST_YEAR", "LAST_YEAR", "YearRange", "parse_year", "parse_years"]

#: Characters of a text that are read.
LONGEST_TEXT = 200
_ISO_MONTH = re.compile(r"(?<!\d)(\d{4})-(?:0[1-9]|1[0-2]|2[1-4])(?![\d/])(?:-[0-3]\d(?:[t ].*)?)?")
_NEGATIVE = re.compile(r"-(\d{1,6})")
_DASHES = str.maketrans({"〜": "-", "～": "-", "→": "-"})


def parse_year(text: str) -> int | None:
    """Return one year for a text, or None if there is none.

    It is the first year of a range, and the middle of a century. Years before Christ are negative.

    >>> parse_year("c. 1889–90"), parse_year("17th century"), parse_year("500 BC")
    (1889, 1650, -500)
    """
    years = parse_years(text)
    return None if years is None else years.year


@lru_cache(maxsize=4096)
def parse_years(text: str) -> YearRange | None:
    """Return the years that a text means, or None if it means none or is not understood.

    >>> parse_years("1886/87")
    YearRange(earliest=1886, latest=1887, year=1886)
    """
    text = text[:LONGEST_TEXT]
    if has_foreign_digits(text):
        return None
    # Only a hyphen joins year and month; a dash joins two years.
    text = spell_years(fold(_ISO_MONTH.sub(r"\1", text).translate(_DASHES)))
    if (years := parse_edtf(text)) is not None:
        return years
    if match := _NEGATIVE.fullmatch(text):
        # Either a year before Christ, or a range without its start.
        year = 0 if len(match[1]) == 4 else -int(match[1])
        return YearRange.of(year, year) if year else None
    if marks.UNREADABLE.search(text):
        return None
    return _best(_find(with_plain_thousands(text)))


def _find(text: str) -> list[Found]:
    """Return all dates in a folded text; what one kind has read, the next does not see."""
    found: list[Found] = []
    kinds = (find_reigns, find_decades, find_millennia, find_centuries, find_years, find_periods)
    for find in kinds:
        for each in list(find(text)):
            found.append(each)
            if find is not find_periods:
                blank = "\ue000" * (each.end - each.start)
                text = text[: each.start] + blank + text[each.end :]
    return sorted(found, key=lambda each: each.start)


def _best(found: list[Found]) -> YearRange | None:
    """Return the first date, or one that names a part of it more exactly."""
    if not found or found[0].years is None:
        return None
    best = found[0]
    years = found[0].years
    for each in found[1:]:
        if each.years is None:
            continue
        is_part = years.contains(each.years) and years != each.years
        if is_part or (best.named and not each.named and years.overlaps(each.years)):
            best, years = each, each.years
    return years
