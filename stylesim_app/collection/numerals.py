"""Chinese and Roman numerals, as dates use them."""

from __future__ import annotations

import re

#: A Chinese number as a pattern.
NUMERAL = r"[〇零○一二三四五六七八九十廿卅百]+"
_DIGITS = {**{char: value for value, char in enumerate("零一二三四五六七八九")}, "〇": 0, "○": 0}
_POSITIONAL = re.compile(r"[〇零○一二三四五六七八九]{4}(?=年)")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


def parse_numeral(text: str) -> int:
    """Return the value of a Chinese number below a thousand, or of digits.

    >>> [parse_numeral(text) for text in ("二十三", "廿三", "一百零五", "55")]
    [23, 23, 105, 55]
    """
    if text.isdecimal():
        return int(text)
    total = current = 0
    for char in text:
        if char in _DIGITS:
            current = current * 10 + _DIGITS[char]
        elif char in "廿卅":
            total += 20 if char == "廿" else 30
        else:
            total += (current or 1) * (10 if char == "十" else 100)
            current = 0
    return total + current


def spell_years(text: str) -> str:
    """Return a text with years such as 一八八九年 in digits."""

    def in_digits(match: re.Match[str]) -> str:
        return "".join(str(_DIGITS[char]) for char in match[0])

    return _POSITIONAL.sub(in_digits, text)


def parse_roman(text: str) -> int | None:
    """Return the value of a Roman number, or None unless it is written as usual.

    >>> parse_roman("xviii"), parse_roman("mdccclxxxix"), parse_roman("iix")
    (18, 1889, None)
    """
    values = [_ROMAN[char] for char in text]
    following = [*values[1:], 0]
    total = sum(
        -value if value < after else value for value, after in zip(values, following, strict=True)
    )
    return total if _to_roman(total) == text else None


def _to_roman(value: int) -> str:
    steps = "m:1000 cm:900 d:500 cd:400 c:100 xc:90 l:50 xl:40 x:10 ix:9 v:5 iv:4 i:1"
    written = ""
    for step in steps.split():
        sign, worth = step.split(":")
        while value >= int(worth):
            written, value = written + sign, value - int(worth)
    return written
