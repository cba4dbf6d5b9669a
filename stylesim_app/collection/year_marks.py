"""Words by which a year is known to lie before or after Christ, in folded letters."""

from __future__ import annotations

import re


def _any(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


_CHRIST = r"(?:chr(?:istus|isti geburt)?|u\.?\s?z)\b\.?"
_JESUS = r"j\.?\s?-?\s?c\.?"
BEFORE_CHRIST = _any(
    # English, German and Dutch, French, the other Romance languages.
    r"b\.?\s?c\.?(?:\s?e\.?)?(?!\w)|before (?:christ|the common era)",
    rf"v(?:\.|or)?\s?{_CHRIST}|v\.?\s?c\.(?!\w)",
    rf"av(?:\.|ant)?\s?(?:{_JESUS}|l'ere commune|n\.?\s?e\.?)(?!\w)",
    r"a\.?\s?c\.?(?:\s?n\.?)?(?!\w)",
    # Scandinavian, Slavic, Greek, Turkish, Korean.
    r"f\.?\s?kr\b\.?|i\.?\s?kr\b\.?|i\.\s?e\.(?!\w)",
    r"(?:p\.|pr\.|pred)\s?n\.?\s?[el]\b\.?",
    r"до\s(?:н\.?\s?[эе]|нашеи эры|р\.?\s?х)\b\.?",
    r"π\.?\s?χ\b\.?|m\.?\s?o\.(?!\w)|기원전",
)
AFTER_CHRIST = _any(
    r"a\.?\s?d\.?(?!\w)|c\.?\s?e\.?(?!\w)",
    rf"n(?:\.|ach)?\s?{_CHRIST}|p\.?\s?chr\b\.?",
    rf"ap(?:\.|res)?\s?{_JESUS}(?!\w)|d\.?\s?c\.?(?!\w)",
    r"н\.?\s?э\b\.?|нашеи эры|n\.?\s?e\.(?!\w)|μ\.?\s?χ\b\.?",
)
PREFIX_BEFORE = (
    r"(?:(?:公|西)元前|[纪紀]元前|기원전|(?<![a-z0-9])b\.?\s?c\.?(?:\s?e\.?)?(?!\w)"
    r"|(?<![\d年以世纪紀之目明])前|(?<![a-z])m\.?o\.?(?=\s?\d))"
)
PREFIX_AFTER = (
    r"(?:(?:公|西)元(?!前)|서기|(?<![a-z0-9])a\.?\s?d\.?(?!\w)|(?<![a-z0-9])c\.?\s?e\.(?=\s?\d))"
)
BEFORE_PRESENT = r"(?:b\.?\s?p\.?(?!\w)|before (?:the )?present)"
HIJRI = r"(?:a\.?\s?h\.?(?!\w)|hijri|هـ|h\.(?!\w))"
PREFIX_HIJRI = r"(?<![a-z])a\.?\s?h\.?(?!\w)"

CIRCA = _any(
    r"c(?:a|irca)?\b\.?|circa|about|approx\b\.?|probably|possibly|the years?|the",
    r"um|rond|vers|verso|hacia|env(?:iron)?\b\.?|около|ок\b\.?|约|約|대략",
)
CONNECTOR = r"(?:-|/|~|to|until|till?|through|thru|bis|tot|до|по|a|au|ad|al|do|至|到|から|－)"
#: Words that connect two years only after “between”.
AND = r"(?:and|und|et|e|y|и|en|与|與|和)"
BETWEEN = re.compile(
    r"(?<!\w)(?:between|zwischen|entre|tra|fra|tussen|между)(?:\W+(?:il|the|c\.?|ca\.?))*\W*$"
)
_ABOUT = r"\W*(?:c\.?|ca\.?|circa|about|um|the year)?\W*"
_SINCE = _any(
    "after|post|since|from|not before|not earlier than|no earlier than",
    "nach|seit|ab|nicht vor|apres|depuis|dopo|despues de|na|sinds|после|с",
)
_UNTIL = _any(
    "before|ante|until|by|not after|no later than|not later than",
    "vor|bis|nicht nach|avant|jusqu'en|jusqu'a|prima del|antes de|voor|до",
)
AFTER = re.compile(rf"(?:(?<!\w){_SINCE}{_ABOUT})$")
BEFORE = re.compile(rf"(?:(?<!\w){_UNTIL}{_ABOUT})$")
ONWARDS = re.compile(
    r"\s*(?:-+\s*\??\s*$|(?:and |or )?(?:onwards?|later|after)\b|ff?\.(?!\w)"
    r"|年?(?:以[后後来來]|之[后後]))"
)
EARLIER = re.compile(r"\s*(?:(?:and |or )(?:earlier|before)\b|年?(?:以前|之前))")
#: Ages, which are counted from today, and a mark that Swedes and Finns read differently.
UNREADABLE = re.compile(
    r"\d\s*(?:years?|yrs?)\s+(?:ago|old|before)|\d\s*(?:ya|ka|kya|mya|ma|millions?)\b"
    r"|jahren? (?:alt|zuvor)|vor \d+ jahren|il y a \d|лет назад|\d\s*年前(?![后後])|\d\s*岁"
    r"|\d\s*e\.?\s?kr\b"
)
