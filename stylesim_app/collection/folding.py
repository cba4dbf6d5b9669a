"""Folding of letters, so that texts are compared as readers compare them."""

from __future__ import annotations

import re
import unicodedata

#: Latin letters that Unicode does not decompose into a letter and an accent.
_LETTERS = {
    **dict(zip("øłđðħıŧŋƒəɨƶ", "olddhitnfeiz", strict=True)),
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}
#: Typographic signs that catalogues and keyboards exchange for those of ASCII.
_SIGNS = {
    **dict.fromkeys("‘’‚‛ʹʻʼʽʾʿˈ′`´＇", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−﹘", "-"),
}
_TABLE = str.maketrans({**_LETTERS, **_SIGNS})
_DIGITS = re.compile(r"\d+")
#: Digits of a number in a key of the natural order; longer numbers are cut.
_WIDTH = 12
#: Characters of a key of the natural order, so that a database can index it.
KEY_LENGTH = 250


def fold(text: str) -> str:
    """Return a text without the differences that a search ignores.

    These are capitals, accents, compatibility forms such as ligatures and full-width letters, the
    shapes of quotation marks and dashes, invisible characters, and the length of spaces. Marks
    that make another letter, as in Japanese and Indic scripts, are kept.

    >>> fold("Étude"), fold("ŁÓDŹ"), fold("Straße"), fold("İstanbul"), fold("Йорданс")
    ('etude', 'lodz', 'strasse', 'istanbul', 'иорданс')
    """
    # Case folding can bring characters that decompose further.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(" " if char.isspace() else char for char in apart if _is_compared(char))
    return " ".join(unicodedata.normalize("NFC", kept.translate(_TABLE)).split())


def natural_key(text: str) -> str:
    """Return a text whose order by code points is natural: by letters, numbers by their value.

    >>> sorted(["Zebra", "Study 10", "study 2", "apple"], key=natural_key)
    ['apple', 'study 2', 'Study 10', 'Zebra']
    """
    return _DIGITS.sub(_pad, fold(text))[:KEY_LENGTH]


def _pad(number: re.Match[str]) -> str:
    digits = "".join(str(unicodedata.digit(each)) for each in number[0]).lstrip("0")
    return digits[:_WIDTH].zfill(_WIDTH)


def _is_compared(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Mn":
        # Accents, and the vowel points of Hebrew and Arabic, by their combining class.
        kind = unicodedata.combining(char)
        return not (kind == 1 or 10 <= kind <= 36 or kind >= 200)
    return category not in ("Cc", "Cf", "Cs") or char.isspace()
