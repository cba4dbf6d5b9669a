"""Tables that were exported from a set, or list works in another way, read as a set again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

from django.core.files.base import File
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..collection.adapter import adapter
from ..collection.spreadsheets import unprotect
from ..exceptions import ImportFailed, StylesimError
from ..importing.sources.csv_file import read_csv
from ..importing.sources.manifest import SPREADSHEETS
from ..importing.sources.table import Line, Table
from ..importing.sources.xlsx_file import read_xlsx
from .exporting import ADDRESS, KEY, NUMBER, TITLE, Address
from .finding import read_key
from .keeping import MAX_WORKS, too_many_works

#: Bytes of a table.
MAX_BYTES = 20_000_000
#: The columns that are read.
_READ = (KEY, NUMBER, TITLE, ADDRESS)
#: Other names of the columns, in lower case.
_ALIASES = {
    "accession no": NUMBER,
    "accession no.": NUMBER,
    "accession nr": NUMBER,
    "inventory number": NUMBER,
    "key": KEY,
}


@dataclass(frozen=True)
class Missing:
    """A row whose work was not found, with its number in the table and what it names."""

    number: int
    named: str
    reason: str


class UnreadableTable(StylesimError):
    """A file that is no table of works, or of works that are all ``missing``."""

    def __init__(self, message: str, missing: Sequence[Missing] = ()) -> None:
        self.missing = missing
        super().__init__(message)


@dataclass(frozen=True)
class FoundWorks:
    """The keys of the works that a table names, each once and in its order."""

    keys: list[Any] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


@dataclass(frozen=True)
class _Named:
    """The facts of a work in a row."""

    line: int
    key: str
    number: str
    title: str
    address: str


def read_works(upload: File[Any], visible: QuerySet[Any], address: Address) -> FoundWorks:
    """Return the visible works of an uploaded table, by ID or accession number.

    An ID of another installation is the ID of another work here: where address, number and title
    of the work differ from those in the row, the accession number decides. Raises UnreadableTable.
    """
    named = _read(upload)
    by_key, by_number = _look_up(named, visible, address)
    keys: dict[Any, None] = {}
    missing = []
    for row in named:
        found = _choose(row, by_key, by_number)
        if isinstance(found, str):
            missing.append(Missing(row.line, row.key or row.number or row.title, found))
        else:
            keys[found.key] = None
    if not keys:
        raise UnreadableTable(_("None of the works in this table was found."), missing)
    return FoundWorks(list(keys), missing)


def _read(upload: File[Any]) -> list[_Named]:
    if (upload.size or 0) > MAX_BYTES:
        raise UnreadableTable(_("This file is too large for a table of works."))
    name = PurePath(upload.name or "")
    is_spreadsheet = name.suffix.lower() in SPREADSHEETS
    with TemporaryDirectory() as folder:
        path = Path(folder) / ("table.xlsx" if is_spreadsheet else "table.csv")
        with path.open("wb") as file:
            for chunk in upload.chunks():
                file.write(chunk)
        try:
            table = read_xlsx(path) if is_spreadsheet else read_csv(path, columns=(KEY, NUMBER))
            return _rows(table)
        except ImportFailed as error:
            # Its own words are meant for a command line.
            raise UnreadableTable(
                _("This file cannot be read as a table. Save it as XLSX, or as CSV in UTF-8.")
            ) from error


def _rows(table: Table) -> list[_Named]:
    columns = {_target(name): index for index, name in reversed(list(enumerate(table.header)))}
    if KEY not in columns and NUMBER not in columns:
        raise UnreadableTable(
            _("The table needs a column “id” or “accession_number”, by which works are found.")
        )
    lines = [line for line in islice(table.lines(), MAX_WORKS + 1) if not line.is_blank]
    if len(lines) > MAX_WORKS:
        raise UnreadableTable(too_many_works())
    if not lines:
        raise UnreadableTable(_("The table lists no works."))
    return [
        _Named(
            line.number, *(_cell(line, columns.get(name)) for name in (KEY, NUMBER, TITLE, ADDRESS))
        )
        for line in lines
    ]


def _target(column: str) -> str:
    """Return the standard name of a column, which may be in the reader's language."""
    name = column.strip().lower()
    if adapter().field(NUMBER) is not None and name == adapter().label(NUMBER).lower():
        return NUMBER
    return _ALIASES.get(name.replace("_", " "), name.replace(" ", "_"))


def _cell(line: Line, index: int | None) -> str:
    if index is None or index >= len(line.cells):
        return ""
    return unprotect(line.cells[index].strip())


@dataclass(frozen=True)
class _Work:
    """A work that rows may mean."""

    key: Any
    number: str
    title: str
    address: str

    def is_meant_by(self, row: _Named) -> bool:
        """Return whether a row with this key means this work, and no other with the same key."""
        if row.address and row.address == self.address:
            return True
        if row.title == self.title:
            # A spreadsheet may have made 1934.10 into 1934.1.
            return True
        return row.number == self.number if row.number else not row.title


def _look_up(
    named: Sequence[_Named], visible: QuerySet[Any], address: Address
) -> tuple[Mapping[str, _Work], Mapping[str, list[_Work]]]:
    """Return the works that rows may mean, by the text of their key, and by accession number."""
    works = visible.order_by()
    field_name = adapter().text_field(NUMBER)

    def facts(artwork: Any) -> _Work:
        number = str(adapter().value(artwork, NUMBER) or "")
        return _Work(artwork.pk, number, adapter().title(artwork), address(artwork))

    keys = [key for row in named if row.key and (key := read_key(row.key)) is not None]
    by_key = {str(artwork.pk): facts(artwork) for artwork in works.filter(pk__in=keys)}
    by_number: dict[str, list[_Work]] = defaultdict(list)
    numbers = {row.number for row in named if row.number}
    if field_name is not None and numbers:
        for artwork in works.filter(**{f"{field_name}__in": numbers}):
            work = facts(artwork)
            by_number[work.number].append(work)
    return by_key, by_number


def _choose(
    row: _Named, by_key: Mapping[str, _Work], by_number: Mapping[str, list[_Work]]
) -> _Work | str:
    """Return the work of a row, or why there is none."""
    found = by_key.get(str(read_key(row.key))) if row.key else None
    if found is not None and found.is_meant_by(row):
        return found
    works = by_number.get(row.number, []) if row.number else []
    if len(works) == 1:
        return works[0]
    if len(works) > 1:
        return _("More than one work has this accession number.")
    if found is not None:
        return _("The work with this ID has another title or accession number.")
    if not (row.key or row.number):
        return _("The row names no work.")
    return _("Not found, or you do not have access to it.")
