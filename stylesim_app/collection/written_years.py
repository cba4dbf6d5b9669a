"""Reading of years that are written in digits, alone and as ranges."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from . import year_marks as marks
from .numerals import parse_roman
from .year_range import FIRST_YEAR, Found, YearRange

#: A later number without a mark is an inventory number, or a year of another calendar.
LAST_PLAUSIBLE = 2100
#: Years between the ends of a range without a mark.
LONGEST = 500

_NUMBER = re.compile(
    rf"(?:(?P<bc>{marks.PREFIX_BEFORE})|(?P<ad>{marks.PREFIX_AFTER})|(?P<ah>{marks.PREFIX_HIJRI}))?"
    rf"\s*(?:{marks.CIRCA}\s*)?(?<![\d#])(?P<digits>\d{{1,6}})(?!\d|\s?(?:cm|mm|in|inch|kg|%)\b)"
    rf"\??(?P<unit>\s?年)?(?:\s*\??\s*(?:(?P<bc_after>{marks.BEFORE_CHRIST})|(?P<ad_after>{marks.AFTER_CHRIST})"
    rf"|(?P<bp>{marks.BEFORE_PRESENT})|(?P<ah_after>{marks.HIJRI})))?"
)
_LABEL = re.compile(r"(?:inv|no|nr|№|#|acc|cat|kat)\W*$")
_BETWEEN_TWO = re.compile(
    rf"[\s)\]年?]*(?P<connector>{marks.CONNECTOR}|{marks.AND})(?:[\s(\[]|{marks.CIRCA}|before|after)*"
)
_AND = re.compile(marks.AND)
_ALONE = re.compile(rf"[\s\[\]()?~.]*(?:{marks.CIRCA})?[\s\[\]()?~.]*")
_ROMAN_YEAR = re.compile(r"(?<![a-z])m[cdlxvim]{3,14}(?![a-z])")


@dataclass(frozen=True)
class _Token:
    start: int
    end: int
    digits: str
    mark: str
    has_unit: bool

    @property
    def value(self) -> int:
        return int(self.digits)

    def reads_as_year(self) -> bool:
        """Return whether the number is a year although no other word says so."""
        if self.mark:
            return True
        longest = 3 if self.has_unit else 4
        return longest <= len(self.digits) <= 4 and 1 <= self.value <= LAST_PLAUSIBLE


def find_years(text: str) -> Iterator[Found]:
    """Yield the first year or range in digits, in a folded text, and those after it."""
    tokens = [_token(match) for match in _NUMBER.finditer(text)]
    alone = len(tokens) == 1 and _is_alone(text, tokens[0])
    skip = -1
    for index, token in enumerate(tokens):
        if index <= skip or _LABEL.search(text[: token.start]):
            continue
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if following is not None and (years := _pair(text, token, following)) is not None:
            yield Found(token.start, following.end, years)
            skip = index + 1
            continue
        is_year = token.reads_as_year() or (alone and len(token.digits) < 4)
        if is_year and (years := _single(text, token)) is not None:
            yield Found(token.start, token.end, years)
    for match in _ROMAN_YEAR.finditer(text):
        year = parse_roman(match[0])
        if year is not None and year <= LAST_PLAUSIBLE:
            yield Found(match.start(), match.end(), YearRange.of(year, year))


def with_plain_thousands(text: str) -> str:
    """Return a text without the separators of thousands: 12,000 BC is 12000 BC."""
    text = re.sub(r"(?<![\d,.])(\d{1,3}),(\d{3})(?![\d,])", r"\1\2", text)
    far = rf"(?=\s*(?:{marks.BEFORE_CHRIST}|{marks.BEFORE_PRESENT}))"
    return re.sub(rf"(?<![\d,.])(\d{{1,3}})[. '](\d{{3}})(?![\d,.]){far}", r"\1\2", text)


def has_foreign_digits(text: str) -> bool:
    """Return whether a text has digits of a script whose calendar may be another."""
    return any(
        char.isdecimal() and not char.isascii() for char in unicodedata.normalize("NFKC", text)
    )


def _token(match: re.Match[str]) -> _Token:
    mark = ""
    for name in ("bc", "ad", "ah", "bp"):
        if match.groupdict().get(name) or match.groupdict().get(f"{name}_after"):
            mark = name
    return _Token(match.start(), match.end(), match["digits"], mark, bool(match["unit"]))


def _is_alone(text: str, token: _Token) -> bool:
    rest = text[: token.start] + " " + text[token.end :]
    return _ALONE.fullmatch(rest) is not None and token.digits[0] != "0"


def _pair(text: str, first: _Token, second: _Token) -> YearRange | None:
    between = _BETWEEN_TWO.fullmatch(text[first.end : second.start])
    if between is None:
        return None
    if _AND.fullmatch(between["connector"]) and not marks.BETWEEN.search(text[: first.start]):
        return None
    marked = {first.mark, second.mark} - {""}
    if not marked:
        return _unmarked_pair(text, first, second, between["connector"])
    if marked - {"bc", "ad"}:
        return _same_calendar(first, second, marked)
    first_mark = first.mark or second.mark
    second_mark = second.mark or first.mark
    low, high = first.value, second.value
    if not second.mark and first_mark == "bc" and high > low:
        # 50 BC to 100: nothing says on which side of the year 1 that is.
        return None
    if first_mark == second_mark and len(second.digits) < len(first.digits):
        expanded = int(first.digits[: -len(second.digits)] + second.digits)
        if (expanded < low) == (first_mark == "bc") and len(second.digits) <= 2 < len(first.digits):
            high = expanded
    return _ordered(_signed(low, first_mark), _signed(high, second_mark))


def _unmarked_pair(text: str, first: _Token, second: _Token, connector: str) -> YearRange | None:
    if not first.reads_as_year():
        return None
    low = first.value
    if connector == "/" and abs(_from_hijri(low) - second.value) <= 1:
        return YearRange.of(second.value, second.value)
    if len(second.digits) >= 3:
        fits = second.reads_as_year() and low <= second.value <= low + LONGEST
        return YearRange.of(low, second.value) if fits else None
    is_date = re.match(r"\s*[-/.]\s*\d", text[second.end :]) is not None
    if is_date or len(first.digits) != 4 or connector not in ("-", "/", "~"):
        return None
    high = int(first.digits[: -len(second.digits)] + second.digits)
    if high < low and connector == "-" and len(second.digits) == 2 and high + 100 - low <= 20:
        high += 100
    return YearRange.of(low, high) if high > low else None


def _same_calendar(first: _Token, second: _Token, marked: set[str]) -> YearRange | None:
    if len(marked) > 1:
        return None
    [mark] = marked
    ends = [_convert(token.value, mark) for token in (first, second)]
    return _ordered(min(ends)[0], max(ends)[1])


def _single(text: str, token: _Token) -> YearRange | None:
    low, high = _convert(token.value, token.mark)
    if low < FIRST_YEAR or high > LAST_PLAUSIBLE or low == 0:
        return None
    before, after = text[: token.start], text[token.end :]
    # The longer words win: “not before” is not “before”.
    until, since = (_length(words.search(before)) for words in (marks.BEFORE, marks.AFTER))
    if marks.EARLIER.match(after) or until > since:
        return YearRange(None, high, high)
    if marks.ONWARDS.match(after) or since:
        return YearRange(low, None, low)
    return YearRange.of(low, high)


def _length(match: re.Match[str] | None) -> int:
    return 0 if match is None else len(match[0])


def _convert(value: int, mark: str) -> tuple[int, int]:
    if mark == "bp":
        year = 1950 - value
        year = year if year > 0 else year - 1
        return year, year
    if mark == "ah":
        # A lunar year is shorter, and begins within one of ours.
        start = value * 0.970224 + 621.5774
        return math.floor(start), math.floor(start + 0.97)
    year = _signed(value, mark)
    return year, year


def _from_hijri(value: int) -> int:
    return math.floor(value * 0.970224 + 621.5774)


def _signed(value: int, mark: str) -> int:
    return -value if mark == "bc" else value


def _ordered(low: int, high: int) -> YearRange | None:
    low, high = min(low, high), max(low, high)
    if low < FIRST_YEAR or high > LAST_PLAUSIBLE or 0 in (low, high):
        return None
    return YearRange.of(low, high)
