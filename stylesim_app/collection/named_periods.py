"""Reading of dynasties, reigns and eras, with or without a year counted within them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .eras import AMBIGUOUS, PERIODS, REIGNS, WORDS
from .numerals import NUMERAL, parse_numeral
from .year_range import Found, YearRange


def _any_of(names: list[str]) -> str:
    # The longest name first: 南宋 is not 宋.
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


_BORDER = r"(?<![a-z])(?P<name>{names})(?![a-z])"
_REIGN = re.compile(_BORDER.format(names=_any_of([*REIGNS, *AMBIGUOUS])))
#: A year of a reign, and perhaps the last of several.
_COUNTED = re.compile(
    rf"\s*(?P<first>元|{NUMERAL}|\d{{1,3}})(?P<unit>\s*年)?(?!\s*[年\d代])"
    rf"(?:\s*[-至到から]+\s*(?P<last>{NUMERAL}|\d{{1,3}})\s*年)?"
)
_LONG = _any_of([name for name in PERIODS if len(name) > 1])
_SHORT = _any_of([name for name in PERIODS if len(name) == 1])
_PERIOD = re.compile(
    rf"(?P<late>[晚末])?(?:(?<![a-z])(?P<long>{_LONG})(?![a-z])"
    rf"|(?:(?<=^)|(?<=[\s,，、;；:：(（·・/\-末初晚早盛中至到]))(?P<short>{_SHORT})"
    rf"(?=代|朝|時代|时代|初|中|末|晚|早|前|后|後|盛|$|[\s,，、;；:：)）·・/\-]))"
    r"(?:代|朝|時代|时代|時期|时期)?(?P<part>末|晚期|後期|后期|初|早期|前期|中期)?"
)
#: Share of a period from its start, by the word for it.
_PARTS = {
    **dict.fromkeys(("初", "早期", "前期"), (0, 1)),
    "中期": (1, 2),
    **dict.fromkeys(("末", "晚期", "後期", "后期"), (2, 3)),
}


def find_reigns(text: str) -> Iterator[Found]:
    """Yield the reigns and eras in a folded text, narrowed to a year if one is counted."""
    for match in _REIGN.finditer(text):
        span = _span(match["name"], text)
        counted = _COUNTED.match(text, match.end())
        if counted is None or not (counted["unit"] or counted["last"] or match["name"].isascii()):
            span = PERIODS.get(match["name"], span)
            if span is not None and match["name"] not in WORDS:
                yield Found(match.start(), match.end(), YearRange.of(*span), named=True)
            continue
        first = _number(counted["first"])
        last = _number(counted["last"]) if counted["last"] else first
        years = None
        if span is not None and 1 <= first <= last <= span[1] - span[0] + 1:
            years = YearRange.of(span[0] + first - 1, span[0] + last - 1)
        # A year that the era did not have is not read as any other number.
        yield Found(match.start(), counted.end(), years)


def find_periods(text: str) -> Iterator[Found]:
    """Yield the dynasties and periods in a folded text; several in a row are one range."""
    known: YearRange | None = None
    start = end = 0
    for match in _PERIOD.finditer(text):
        first, last = PERIODS[match["long"] or match["short"]]
        if part := _PARTS.get(match["part"] or ("末" if match["late"] else "")):
            third = (last - first) / 3
            first, last = round(first + part[0] * third), round(first + part[1] * third)
        if known is None:
            known, start, end = YearRange.of(first, last), match.start(), match.end()
        elif match.start() - end <= 1 and known.earliest is not None and first >= known.earliest:
            known, end = YearRange.of(known.earliest, last), match.end()
    if known is not None:
        yield Found(start, end, known, named=True)


def _span(name: str, text: str) -> tuple[int, int] | None:
    if name in REIGNS:
        return REIGNS[name]
    found = [span for sign, span in AMBIGUOUS[name].items() if sign in text]
    return found[0] if len(found) == 1 else None


def _number(digits: str) -> int:
    return 1 if digits == "元" else parse_numeral(digits)
