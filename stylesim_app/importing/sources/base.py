"""Rows, which every source returns: each is a picture and its facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _


def as_text(file_name: str) -> str:
    """Return a file name that can be shown and stored: bytes of it that are no text
    become ``?``."""
    return file_name.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Row:
    """One picture: where it lies, and what the manifest says about it.

    ``fields`` are the non-empty cells by field of the artwork model, ``extra`` those of columns
    that no field takes. A row that cannot be used says so in ``problem``.
    """

    name: str
    path: Path
    number: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def place(self) -> str:
        """The place where a person finds the row: its number in the manifest, and the file."""
        name = as_text(self.name)
        if self.number is None:
            return name
        return _("row %(number)d, %(name)s") % {"number": self.number, "name": name or "?"}


@dataclass(frozen=True)
class Source:
    """A folder or manifest that was found usable; ``rows()`` reads it again each time."""

    total: int
    rows: Callable[[], Iterator[Row]]
    notes: Sequence[str] = ()
