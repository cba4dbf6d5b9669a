"""Reading of centuries and decades, in the languages that catalogues are written in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .numerals import NUMERAL, parse_numeral, parse_roman
from .year_marks import AFTER_CHRIST, BEFORE_CHRIST, PREFIX_AFTER, PREFIX_BEFORE
from .year_range import Found, YearRange

#: The word for a century after its number, and before it.
_AFTER = (
    r"(?:c(?:ent(?:ur(?:y|ies))?)?\b\.?|jahrhunderts?|jhd?ts?\b\.?|jh\b\.?|siecles?|s\.(?=\W|$)|s(?=$)"
    r"|secol[oi]|sec\.|seculos?|siglos?|eeuw(?:en)?|век[а-я]*|вв?\b\.?|ст\b\.?|столет[а-я]+"
    r"|wieku?|w\b\.?|stoleti|storocie|szazad|yuzyil|αι\w*\.?|vuosisa\w+|secolul|secolele"
    r"|世纪|世紀|세기)"
)
_BEFORE = r"(?:siglos?|seculos?|sec(?:olo|olul)?|saec(?:ulo|\.)?|sec\.|s\.)"
_ORDINAL = r"(?:st|nd|rd|th|e|er|eme|de|ste|o|os|a|ος|-?й|-?и|-?го|-?e)?\.?"
_NUMBER = rf"(?:\d{{1,2}}|(?<![a-z])[ivx]{{1,5}}(?=[\W_]|e|eme|er|$)|{NUMERAL})"
_QUALIFIER = {
    **dict.fromkeys(
        ("early", "anfang", "fruhes", "debut", "inizio", "inizi", "principios"), (0, 33)
    ),
    **dict.fromkeys(("начало", "начала", "nachalo", "начале", "vroege", "begin"), (0, 33)),
    **dict.fromkeys(("mid", "middle", "mitte", "milieu", "meta", "mediados", "середина"), (33, 67)),
    **dict.fromkeys(("середины", "midden"), (33, 67)),
    **dict.fromkeys(("late", "end", "ende", "spates", "fin", "fine", "finales", "eind"), (67, 100)),
    **dict.fromkeys(("конец", "конца", "late", "laat"), (67, 100)),
}
_PARTS = {"half|halfte|moitie|meta|mitad|половина|половины|helft": 50}
_PARTS |= {"quarter|viertel|quart|cuarto|четверть|четверти|kwart": 25}
_PARTS |= {"third|drittel|tiers|tercio|треть|трети": 33}
_ORDER = {
    **dict.fromkeys(
        ("first", "1st", "1", "1-я", "erste", "premiere", "premier", "prima", "primo"), 0
    ),
    **dict.fromkeys(("primera", "primer", "первая", "первои", "erstes", "eerste", "i"), 0),
    **dict.fromkeys(
        ("second", "2nd", "2", "2-я", "zweite", "seconde", "deuxieme", "seconda", "ii"), 1
    ),
    **dict.fromkeys(("secondo", "segunda", "segundo", "вторая", "второи", "zweites", "tweede"), 1),
    **dict.fromkeys(("third", "3rd", "3", "dritte", "drittes", "troisieme", "terzo", "iii"), 2),
    **dict.fromkeys(("третья", "третьеи", "derde", "tercer"), 2),
    **dict.fromkeys(("fourth", "4th", "4", "vierte", "viertes", "quatrieme", "iv", "vierde"), 3),
    **dict.fromkeys(
        ("last", "letztes", "letzte", "dernier", "derniere", "последняя", "ultimo"), -1
    ),
    **dict.fromkeys(("последнеи", "laatste", "ultima"), -1),
}
_JOIN = r"(?:\s+of)?(?:\s+the)?(?:\s+des?)?(?:\s+d[ue]l?)?(?:\s+van\s+de)?\s*-?\s*"
_QUALIFIED = re.compile(
    rf"(?:(?P<order>(?<!\w)(?:{'|'.join(sorted(_ORDER, key=len, reverse=True))}))\.?\s+"
    rf"(?P<part>{'|'.join(_PARTS)})|(?P<word>(?<!\w)(?:{'|'.join(_QUALIFIER)})))\.?{_JOIN}$"
)
_EAST = {
    **dict.fromkeys(("初", "初期", "前期", "早期"), (0, 33)),
    **dict.fromkeys(("中期", "中叶", "中葉"), (33, 67)),
    **dict.fromkeys(("末", "末期", "后期", "後期", "晚期"), (67, 100)),
    **dict.fromkeys(("上半叶", "前半", "上半葉", "前半期"), (0, 50)),
    **dict.fromkeys(("下半叶", "後半", "后半", "下半葉", "後半期"), (50, 100)),
}
_CENTURY = re.compile(
    rf"(?P<pre>{PREFIX_BEFORE}|{PREFIX_AFTER})?\s*(?:(?P<before>(?<![a-z]){_BEFORE})\s*)?"
    rf"(?P<first>{_NUMBER}){_ORDINAL}"
    rf"(?:\s*(?:c\.|cent\.|century|jh\.|в\.|世纪|世紀)?\s*(?:-|/|to|bis|or|and|und|et|или|и|a|或|至|到|から)\s*"
    rf"(?P<words>(?:the\s+|early\s+|mid-?\s*|late\s+|fruhes\s+|debut\s+)*)"
    rf"(?P<last>{_NUMBER}){_ORDINAL})?"
    rf"(?P<after>[\s-]*(?<![a-z]){_AFTER})?"
    rf"(?P<east>{'|'.join(sorted(_EAST, key=len, reverse=True))})?"
    rf"(?:\s*(?P<bc>{BEFORE_CHRIST})|\s*(?P<ad>{AFTER_CHRIST}))?"
)
_DECADE = re.compile(
    r"(?P<century>\d{1,2})\s*世[纪紀]\s*(?P<tens>[1-9]0)\s*年代(?P<east>[初中末前后後]\S?)?"
    r"|(?:annees|anni|anos|anii)\s+(?P<before>\d{3}0)(?!\d)"
    r"|(?<!\d)(?P<year>\d{3}0)(?:\s?s?\s*[-/]\s*(?:19|18|20|17)?(?P<last>[1-9]0)(?=\W?s\b))?\s*(?:'?s(?![a-z])|er\b(?:[\s-]*jahren?)?|-?\s*(?:е|ые|х|ых|eh)\b(?:\s*(?:г+\.?|год[а-я]*))?"
    r"|年代|-?(?:ta|tal|talet|tallet|luku|luvun|luvulla)\b|[-\s]?ies\b|-as\b|년대|talls\b)"
)


_JOINED = re.compile(r"\s*(?:-|/|to|bis|or|until|до|по|至|到|から)\s*")
_MILLENNIUM = re.compile(
    rf"(?P<pre>{PREFIX_BEFORE})?\s*(?P<first>\d|{NUMERAL})(?:st|nd|rd|th|eme|e|o)?\.?"
    rf"(?:\s*-\s*(?P<last>\d)(?:st|nd|rd|th|eme|e|o)?\.?)?"
    rf"[\s-]*(?:millenni\w+|jahrtausends?|jts?\b\.?|millenaire|тысячелет[а-я]+|千年[纪紀])"
    rf"\s*(?P<bc>{BEFORE_CHRIST})?"
)


def find_decades(text: str) -> Iterator[Found]:
    """Yield the decades in a folded text; 1800s and the like are the century."""
    for match in _DECADE.finditer(text):
        if match["tens"]:
            start = (int(match["century"]) - 1) * 100 + int(match["tens"])
        else:
            start = int(match["year"] or match["before"])
        length = 99 if start % 100 == 0 and not match["tens"] else 9
        end = start + length
        if match["last"]:
            end = max(end, start - start % 100 + int(match["last"]) + 9)
        yield Found(match.start(), match.end(), YearRange.of(start, end))


def find_millennia(text: str) -> Iterator[Found]:
    """Yield the millennia in a folded text."""
    for match in _MILLENNIUM.finditer(text):
        first, last = parse_numeral(match["first"]), parse_numeral(match["last"] or match["first"])
        if match["bc"] or match["pre"]:
            span = (-max(first, last) * 1000, -(min(first, last) - 1) * 1000 - 1)
        else:
            span = ((first - 1) * 1000 + 1, last * 1000)
        yield Found(match.start(), match.end(), YearRange.of(*span))


def find_centuries(text: str) -> Iterator[Found]:
    """Yield the centuries in a folded text; two that a word joins are one range."""
    joined: Found | None = None
    for each in _single_centuries(text):
        if joined is not None and _JOINED.fullmatch(text[joined.end : each.start]):
            first, last = joined.years, each.years
            if first is not None and last is not None and first.first <= last.first:
                years = YearRange.around(first.first, last.last)
                joined = Found(joined.start, each.end, years)
                continue
        if joined is not None:
            yield joined
        joined = each
    if joined is not None:
        yield joined


def _single_centuries(text: str) -> Iterator[Found]:
    """Yield the centuries in a folded text, with the part of the century that is named."""
    for match in _CENTURY.finditer(text):
        if match["after"] is None and match["before"] is None:
            continue
        first, last = _value(match["first"]), _value(match["last"] or match["first"])
        if first is None or last is None or not (1 <= first <= 99 and 1 <= last <= 21):
            continue
        is_before_christ = bool(match["bc"] or (match["pre"] and _is_before(match["pre"])))
        if not is_before_christ and not first <= last <= 21:
            continue
        start, part = _part_before(text[: match.start()])
        if match["last"]:
            begin = _narrow(_hundred(first, is_before_christ), part)
            end = _narrow(_hundred(last, is_before_christ), _part_before(match["words"])[1])
            years = YearRange.around(min(begin[0], end[0]), max(begin[1], end[1]))
        else:
            span = _hundred(first, is_before_christ)
            years = YearRange.around(*_narrow(span, part or _EAST.get(match["east"])))
        yield Found(match.start() if start is None else start, match.end(), years)


def _value(number: str) -> int | None:
    if number[0] in "ivx":
        return parse_roman(number)
    return parse_numeral(number)


def _is_before(prefix: str) -> bool:
    return re.fullmatch(PREFIX_BEFORE, prefix) is not None


def _hundred(number: int, is_before_christ: bool) -> tuple[int, int]:
    if is_before_christ:
        return -number * 100, -(number - 1) * 100 - 1
    return (number - 1) * 100 + 1, number * 100


def _part_before(text: str) -> tuple[int | None, tuple[int, int] | None]:
    """Return where the words for a part of a century begin, and its percentages."""
    match = _QUALIFIED.search(text)
    if match is None:
        return None, None
    if match["word"]:
        return match.start(), _QUALIFIER[match["word"]]
    size = next(size for words, size in _PARTS.items() if match["part"] in words.split("|"))
    number = _ORDER[match["order"]] % (100 // size)
    return match.start(), (number * size, min(100, (number + 1) * size))


def _narrow(span: tuple[int, int], part: tuple[int, int] | None) -> tuple[int, int]:
    if part is None:
        return span
    return span[0] + part[0], span[0] + part[1] - 1
