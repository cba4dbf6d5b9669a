"""Rows, which every source returns: each is a picture and its facts."""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path, PurePath

from django.utils.translation import gettext as _

from ...messages import system_reason

# A tab and the ends of lines are the only control characters that belong in a text.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LONGEST_PLACE = 200


def as_text(file_name: str) -> str:
    """Return a file name that can be shown and stored on one line: bytes of it that are no text
    become ``?``, control characters and ends of lines spaces."""
    text = file_name.encode("utf-8", "replace").decode()
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)


def find_control_character(texts: Sequence[str]) -> str:
    """Return the first control character as ``U+001F``, or an empty string if there is none."""
    found = next((found for text in texts if (found := _CONTROL.search(text))), None)
    return f"U+{ord(found[0]):04X}" if found else ""


@dataclass(frozen=True)
class Row:
    """One picture: where it lies, and what the manifest says about it.

    ``fields`` are the non-empty cells by field of the artwork model, ``extra`` those of columns
    that no field takes. A row that cannot be used has its reason in ``problem``. ``opener`` opens
    a picture that is no file of its own.
    """

    name: str
    path: PurePath
    number: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    opener: Callable[[], BufferedIOBase] | None = None

    @property
    def place(self) -> str:
        """The place where a person finds the row: its number in the manifest, and the file."""
        name = as_text(self.name)
        if len(name) > _LONGEST_PLACE:
            name = f"{name[:_LONGEST_PLACE]}…"
        if self.number is None:
            return name
        return _("row %(number)d, %(name)s") % {"number": self.number, "name": name or "?"}

    @property
    def title(self) -> str:
        """The title of a picture for which the manifest has none: the name of its file."""
        return unicodedata.normalize("NFC", as_text(self.path.stem)).strip()

    def open(self) -> BufferedIOBase:
        """Open the picture. Raises OSError, or what the source raises."""
        if self.opener is not None:
            return self.opener()
        path = Path(self.path)
        # Opening a pipe would wait for a writer.
        if not stat.S_ISREG(path.stat().st_mode):
            raise NotAFile(_("This is not a file."))
        return path.open("rb")


@dataclass(frozen=True)
class Found:
    """A picture that a manifest names; ``opener`` opens one that is no file of its own."""

    path: PurePath
    opener: Callable[[], BufferedIOBase] | None = None


@dataclass(frozen=True)
class Skipped:
    """A file or folder that an import leaves out on purpose."""

    name: str
    reason: str


@dataclass(frozen=True)
class Source:
    """A source that was found usable; ``rows()`` reads it again each time."""

    total: int
    rows: Callable[[], Iterator[Row]]
    notes: Sequence[str] = ()
    skipped: Sequence[Skipped] = ()


class NotAFile(OSError):
    """A name that leads to a folder, a pipe or a device."""


def reason_of(error: OSError) -> str:
    """Return why a file cannot be read, without its path."""
    if isinstance(error, FileNotFoundError):
        return _("File not found.")
    if isinstance(error, NotAFile):
        return str(error)
    return system_reason(error) or _("The file cannot be read.")


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return a path without links."""
    return Path(os.path.realpath(path))
