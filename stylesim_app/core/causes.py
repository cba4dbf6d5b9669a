"""The common causes why a picture cannot be decoded, by what decoders write."""

from __future__ import annotations

import re

CUT_SHORT = "cut_short"
UNSUPPORTED = "unsupported"

_CUT_SHORT = re.compile(r"truncated|unexpected end|not enough|ran out of data|\beof\b", re.I)
_UNSUPPORTED = re.compile(
    r"unsupported|not supported|not available|not implemented|cannot handle"
    r"|unknown (pixel mode|raw mode|data organization|compression)",
    re.I,
)


def cause_of(text: str) -> str:
    """Return the cause that a decoder names, empty if it is none of the common ones."""
    if _CUT_SHORT.search(text):
        return CUT_SHORT
    return UNSUPPORTED if _UNSUPPORTED.search(text) else ""
