"""The facts of an artwork for machines and for citations: metadata, canonical address, citation."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import pgettext

from ..collection import thumbnails, visibility
from ..collection.adapter import adapter
from ..templatetags.stylesim import thumbnail_url

#: What a browser must not read as the end of the script; JSON reads it as the same characters.
_ESCAPES = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&\u2028\u2029"}
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
#: Facts in a description of one line.
_DESCRIBED = ("artist", "year", "medium", "dimensions", "collection")
_SENTENCE_ENDS = (".", "。", "!", "?", "！", "？", "…")


@dataclass(frozen=True)
class PublicRecord:
    """An artwork as its page describes it.

    ``metadata`` and ``json_ld`` are empty unless visitors without an account may see the artwork.
    """

    address: str
    citation: str
    is_public: bool
    description: str = ""
    metadata: tuple[tuple[str, str], ...] = ()
    json_ld: str = ""


def public_record(request: HttpRequest, artwork: Any) -> PublicRecord:
    """Return what the page of an artwork tells machines and those who cite it."""
    address = _absolute(request, artwork)
    citation = cite(artwork, address)
    if not visibility.is_public(request, artwork):
        return PublicRecord(address, citation, is_public=False)
    description = describe(artwork)
    picture = request.build_absolute_uri(thumbnail_url(artwork, "large"))
    has_picture = thumbnails.has_picture(artwork)
    return PublicRecord(
        address,
        citation,
        is_public=True,
        description=description,
        metadata=tuple(
            _open_graph(adapter().title(artwork), description, address, picture, has_picture)
        ),
        json_ld=_script(linked_data(artwork, address, picture if has_picture else "")),
    )


def describe(artwork: Any) -> str:
    """Return artist, year, medium, dimensions and collection on one line."""
    values = (_text(artwork, fact) for fact in _DESCRIBED)
    return ", ".join(value for value in values if value)


def cite(artwork: Any, address: str) -> str:
    """Return a citation of an artwork, in the reader's language, with the date of today."""
    comma = pgettext("citation", ", ")
    work = comma.join(
        part
        for part in (
            _text(artwork, "artist"),
            pgettext("citation", "%(title)s") % {"title": adapter().title(artwork)},
            _text(artwork, "year"),
        )
        if part
    )
    place = comma.join(
        part for part in (_text(artwork, "collection"), _text(artwork, "accession_number")) if part
    )
    seen = pgettext("citation", "%(address)s (accessed %(date)s)") % {
        "address": address,
        "date": date_format(timezone.localdate(), "DATE_FORMAT"),
    }
    return " ".join(_sentence(part) for part in (work, place, seen) if part)


def linked_data(artwork: Any, address: str, picture: str) -> dict[str, Any]:
    """Return a schema.org VisualArtwork with the facts that the artwork has."""
    known = adapter()
    artist, collection = _text(artwork, "artist"), _text(artwork, "collection")
    number, rights = _text(artwork, "accession_number"), _text(artwork, "rights")
    licence = _WEB_ADDRESS.search(rights)
    facts: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "VisualArtwork",
        "@id": address,
        "url": address,
        "name": known.title(artwork),
        "creator": {"@type": "Person", "name": artist} if artist else None,
        "dateCreated": _date(artwork),
        "artMedium": _text(artwork, "medium"),
        "size": _text(artwork, "dimensions"),
        "identifier": {
            "@type": "PropertyValue",
            "propertyID": "accession number",
            "value": number,
        }
        if number
        else None,
        "isPartOf": {"@type": "Collection", "name": collection} if collection else None,
        "license": licence[0].rstrip(".,;)") if licence else None,
        "copyrightNotice": rights,
        "image": picture,
    }
    return {name: value for name, value in facts.items() if value}


def _open_graph(
    title: str, description: str, address: str, picture: str, has_picture: bool
) -> list[tuple[str, str]]:
    found = [("og:type", "website"), ("og:title", title), ("og:url", address)]
    if description:
        found.append(("og:description", description))
    if has_picture:
        found += [("og:image", picture), ("og:image:type", "image/jpeg"), ("og:image:alt", title)]
    return found


def _script(facts: dict[str, Any]) -> SafeString:
    """Return a block of data for a page; nothing in it can end the block."""
    text = json.dumps(facts, ensure_ascii=False).translate(_ESCAPES)
    # Half a surrogate pair is escaped, as UTF-8 lacks it.
    text = text.encode(errors="backslashreplace").decode()
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308


def _absolute(request: HttpRequest, artwork: Any) -> str:
    """Return the one address of an artwork, whatever parameters a page has."""
    try:
        address = adapter().url(artwork)
    except NoReverseMatch:
        address = reverse("stylesim:artwork", args=[artwork.pk])
    return request.build_absolute_uri(address)


def _text(artwork: Any, fact: str) -> str:
    value = adapter().value(artwork, fact)
    return "" if value is None else " ".join(str(value).split())


def _date(artwork: Any) -> str:
    """Return a year or a range as ISO 8601 writes them, or else the text of the catalogue."""
    earliest, latest = adapter().years(artwork) or (None, None)
    if earliest is None or latest is None:
        return _text(artwork, "year")
    first, last = _iso_year(earliest), _iso_year(latest)
    if not (first and last):
        return _text(artwork, "year")
    return first if first == last else f"{first}/{last}"


def _iso_year(year: int) -> str:
    """Return a year with four digits; empty before Christ, where ISO 8601 counts otherwise."""
    return f"{year:04d}" if 0 < year <= 9999 else ""


def _sentence(text: str) -> str:
    if text.endswith(_SENTENCE_ENDS):
        return text
    return pgettext("citation", "%(sentence)s.") % {"sentence": text}
