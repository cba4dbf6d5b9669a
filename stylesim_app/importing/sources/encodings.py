"""The encoding of a text of unknown origin.

A few bytes between ASCII are not enough for statistics of languages, so an encoding is only
accepted where the text that it gives is plausible: capital letters in their places, no signs within
words, common Chinese characters only.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Encodings of tables, the first that is plausible wins.
TABLES = ("cp1252", "gb18030", "cp932", "big5", "cp1251", "mac_roman")
#: Encodings of file names in archives.
NAMES = ("cp866", "cp437", "gb18030", "cp932", "big5")
#: The share of rare characters that names of people may have.
_RARE = 0.25
_WORD = re.compile(r"[^\W\d_¹²³¼½¾]+")
_JOINED = re.compile(r"[A-Z][a-z]{1,2}[^\W\d_a-z][^\W\d_A-Z]*")
#: A character of East Asia before a small letter of ASCII, as in no language.
_MIXED = re.compile(r"[\u3040-\u9fff\uff66-\uff9f][a-z]")
# Signs that stand next to letters.
_BY_WORDS = frozenset("©®™°«»“”„‘’‚‹›–—…·•§¿¡№\u00a0")


def detect(content: bytes, candidates: Iterable[str] = TABLES) -> str | None:
    """Return the encoding of a text, or None if no candidate gives a plausible text.

    A text with a few lines that are not UTF-8 among others that are is UTF-8.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    if wide := _without_mark(content):
        return wide
    if _is_utf8(content):
        return "utf-8"
    return next((name for name in candidates if _fits(content, name)), None)


def _without_mark(content: bytes) -> str | None:
    """Return UTF-16 if every other byte of the beginning is zero, as in European texts."""
    start = content[:2000]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) < len(start) // 4 or not start:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        lines = [line for line in content.splitlines() if not line.isascii()]
        valid = sum(_decodes(line, "utf-8") for line in lines)
        return valid > len(lines) / 2
    return True


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _fits(content: bytes, encoding: str) -> bool:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return _PLAUSIBLE[encoding](text)


def _is_western(text: str) -> bool:
    words = _words(text)
    return _nearly_all(map(_is_western_word, words)) and _has_plausible_signs(text)


def _is_western_word(word: str) -> bool:
    """Return whether a word could be a European one: few have four letters with accents in a row,
    or no letters of ASCII at all."""
    return (
        _is_of_script(word, "LATIN")
        and _is_cased(word)
        and not re.search(r"[^\x00-\x7f]{4}", word)
        and (len(word) == 1 or not re.fullmatch(r"[^\x00-\x7f]+", word))
    )


def _is_cyrillic(text: str) -> bool:
    words = _words(text)
    plausible = (
        _is_of_script(word, "CYRILLIC") and _is_cased(word) and not re.search("[A-Za-z]", word)
        for word in words
    )
    return (
        any(len(word) > 2 for word in words)
        and _nearly_all(plausible)
        and _has_plausible_signs(text)
    )


def _nearly_all(plausible: Iterable[bool]) -> bool:
    """Return whether at most one in fifty is not; a long catalogue has odd words."""
    found = list(plausible)
    return found.count(False) * 50 <= len(found)


def _words(text: str) -> list[str]:
    """Return the words that have letters beyond ASCII."""
    return [word for word in _WORD.findall(text) if not word.isascii()]


def _is_of_script(word: str, script: str) -> bool:
    return all(
        letter.isascii() or unicodedata.name(letter, "").startswith(script) for letter in word
    )


def _is_cased(word: str) -> bool:
    """Return whether the capitals of a word stand where they may: in front, everywhere, or as in
    ``McÉwan``."""
    return word.isupper() or word[1:].lower() == word[1:] or _JOINED.fullmatch(word) is not None


def _has_plausible_signs(text: str) -> bool:
    """Return whether nearly all signs beyond ASCII are no controls, and stand at letters only
    where they may."""
    return _nearly_all(
        found[0] in _BY_WORDS or _may_stand(text, found.start())
        for found in re.finditer(r"[^\x00-\x7f\w]|[ªº¹²³¼½¾µˆ˜ƒ]", text)
    )


def _may_stand(text: str, position: int) -> bool:
    around = text[max(position - 1, 0) : position] + text[position + 1 : position + 2]
    is_control = unicodedata.category(text[position]) in ("Cc", "So", "Co")
    return not (is_control or any(map(str.isalpha, around)))


def _is_chinese(lead_common: Callable[[str], bool]) -> Callable[[str], bool]:
    """Return whether nearly all characters of a text are common in one standard."""

    def plausible(text: str) -> bool:
        if _MIXED.search(text) or re.search(r"[\u3040-\u30ff\ue000-\uf8ff]", text):
            return False
        signs = [sign for sign in text if not sign.isascii()]
        written = [sign for sign in signs if not _is_punctuation(sign)]
        return sum(not lead_common(sign) for sign in written) <= _RARE * len(written)

    return plausible


def _is_punctuation(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "PSZN" or "\uff00" <= sign <= "\uffef"


def _in_rows(encoding: str, first: int, last: int) -> Callable[[str], bool]:
    """Return whether a character has a code between two of a standard of double bytes."""

    def common(sign: str) -> bool:
        code = sign.encode(encoding, "replace")
        return len(code) == 2 and first <= int.from_bytes(code) <= last

    return common


def _is_japanese(text: str) -> bool:
    if _MIXED.search(text) or re.search(r"[\ue000-\uf8ff]", text):
        return False
    signs = [sign for sign in text if not sign.isascii()]
    narrow = sum("\uff61" <= sign <= "\uff9f" for sign in signs)
    return narrow <= len(signs) / 5


_PLAUSIBLE: dict[str, Callable[[str], bool]] = {
    "cp1252": _is_western,
    "mac_roman": _is_western,
    "cp437": _is_western,
    "cp1251": _is_cyrillic,
    "cp866": _is_cyrillic,
    # The first levels of the standards: about 3,755 and 5,401 characters.
    "gb18030": _is_chinese(_in_rows("gb2312", 0xB0A1, 0xD7F9)),
    "big5": _is_chinese(_in_rows("big5", 0xA440, 0xC67E)),
    "cp932": _is_japanese,
}
