"""A sortable number for a year as written in catalogues."""

from __future__ import annotations

import re

#: Years lie between this and its negative.
LAST_YEAR = 9999

_BEFORE_CHRIST = re.compile(r"\b(\d{1,4})\s*(?:BCE?|B\.\s?C\.)|公元前\s*(\d{1,4})", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_CENTURY = re.compile(r"(\d{1,2})(?:(?:st|nd|rd|th)\s+c|\s*世纪)", re.IGNORECASE)


def parse_year(text: str) -> int | None:
    """Return the first year in a text, or None if there is none.

    Years before Christ are negative; a century is represented by its middle.

    >>> parse_year("c. 1889–90"), parse_year("17th century"), parse_year("500 BC")
    (1889, 1650, -500)
    """
    if found := _BEFORE_CHRIST.search(text):
        return -int(found[1] or found[2])
    if found := _YEAR.search(text):
        return int(found[1])
    if found := _CENTURY.search(text):
        return int(found[1]) * 100 - 50
    digits = text.strip()
    return int(digits) if digits.isdecimal() and len(digits) < 4 else None
