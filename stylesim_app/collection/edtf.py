"""Reading of dates in EDTF, as far as catalogues use it, and in the notation of libraries.

Source: Library of Congress, "Extended Date/Time Format (EDTF) Specification", levels 0 and 1, and
sets of one year after another. A negative year counts astronomically: 0000 is 1 BC.
"""

from __future__ import annotations

import re

from .year_range import YearRange

_YEAR = r"(?:-?\d{4}|y-?\d{5,6})"
_REST = r"(?:-\d{2}(?:-\d{2})?)?[?~%]?"
_SINGLE = re.compile(rf"(?P<year>{_YEAR}){_REST}")
_INTERVAL = re.compile(
    rf"(?:(?P<first>{_YEAR}){_REST}|(?:\.\.)?)/(?:(?P<last>{_YEAR}){_REST}|(?:\.\.)?)"
)
#: Years between the ends of an interval.
LONGEST = 500
_PARTLY = re.compile(r"\[?(\d{2}(?:xx|--|uu)|\d{3}(?:x|-|u))\??\]?")


def parse_edtf(text: str) -> YearRange | None:
    """Return the years of a folded text that is one date in EDTF, or None for any other text."""
    if match := _PARTLY.fullmatch(text):
        digits = re.sub(r"\D", "", match[1])
        missing = 4 - len(digits)
        start = int(digits) * 10**missing
        return YearRange.of(start, start + 10**missing - 1)
    if match := _SINGLE.fullmatch(text):
        # Without a sign or a padded number it is an ordinary date.
        year = _year(match["year"])
        return YearRange.of(year, year) if match["year"][0] in "-0y" and _is_sure(text) else None
    match = _INTERVAL.fullmatch(text)
    if match is None:
        return None
    first = _year(match["first"]) if match["first"] else None
    last = _year(match["last"]) if match["last"] else None
    if first is None or last is None:
        known = last if first is None else first
        return None if known is None else YearRange(first, last, known)
    # Further apart, one of the two is of another calendar.
    return YearRange.of(first, last) if 0 <= last - first <= LONGEST else None


def _year(text: str) -> int:
    year = int(text.removeprefix("y"))
    return year if year > 0 else year - 1


def _is_sure(text: str) -> bool:
    """Return False for -1650, which may be a range without its start."""
    return not re.match(r"-[1-9]\d{3}", text)
