"""The outcome of each row of an import."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from .sources.base import Row


class RowState(Enum):
    """The outcome of one row of an import."""

    ADDED = "added"
    KNOWN = "known"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True)
class ImportedRow:
    """A row, its outcome, the key of its artwork, and the reason of a failure or another remark.

    ``detail`` has the words of the library that failed; nobody foresaw a failure that is not
    ``expected``.
    """

    row: Row
    state: RowState
    reason: str = ""
    artwork: Any = None
    detail: str = ""
    expected: bool = True
