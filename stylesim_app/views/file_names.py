"""Names of files to download: readable, and safe on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from django.utils.http import content_disposition_header

#: Bytes of a name; file systems allow 255, and browsers add to a name that is taken.
MOST_BYTES = 150
#: Characters that a file system refuses, that a shell or a browser reads in its own way, that
#: control a text, or that show it in another order.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]')
#: Names of devices, on Windows, whatever the ending.
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)


def readable_name(parts: Iterable[str], ending: str, fallback: str = "download") -> str:
    """Return ``Artist, Title.jpg`` of the parts that are not empty."""
    text = ", ".join(part.strip() for part in parts if part and part.strip())
    text = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode())
    text = " ".join(_UNSAFE.sub(" ", text).split())
    text = text.encode()[:MOST_BYTES].decode(errors="ignore").strip(" .,-~")
    if not text or _DEVICES.fullmatch(text):
        text = f"{fallback} {text}".strip()
    return f"{text}.{ending}"


def attachment(name: str) -> str:
    """Return the header by which a browser saves a response under this name."""
    return str(content_disposition_header(as_attachment=True, filename=name))
