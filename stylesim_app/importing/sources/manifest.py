"""The rows of a table that lists pictures and their facts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePath, PurePosixPath

from django.utils.translation import gettext as _

from ...exceptions import ImportFailed
from ...messages import join_words
from .base import Found, Row, Source, find_control_character, reason_of
from .columns import FILE, extra_field, resolve_columns
from .csv_file import read_csv
from .paths import FolderFiles, PathProblem
from .table import Line, Table, count_named, has_too_few, has_too_many
from .xlsx_file import read_xlsx

SPREADSHEETS = (".xlsx", ".xlsm")
#: The endings of tables in an archive.
TABLE_ENDINGS = (".csv", ".tsv", *SPREADSHEETS)
#: Spreadsheets that are not read.
_OTHERS = (".xls", ".ods", ".numbers", ".pages", ".doc", ".docx", ".pdf")

#: Find the file that a manifest names; raises PathProblem or OSError.
Locate = Callable[[str], Found]


def read_table(path: Path, mapping: Mapping[str, str], encoding: str = "") -> Table:
    """Return a table by the ending of its name; one without a known ending is read as CSV.
    Raises ImportFailed."""
    ending = path.suffix.lower()
    if ending in _OTHERS:
        raise ImportFailed(
            _("%(path)s cannot be read. Save it as .xlsx or .csv, and try again.") % {"path": path}
        )
    if ending in SPREADSHEETS:
        if encoding:
            raise ImportFailed(_("--encoding works only with a CSV file."))
        return read_xlsx(path)
    return read_csv(path, encoding, tuple(mapping))


def open_manifest(path: Path, mapping: Mapping[str, str], root: Path, encoding: str = "") -> Source:
    """Return the rows of a table whose paths start at ``root``. Raises ImportFailed."""
    table = read_table(path, mapping, encoding)
    files = FolderFiles(root)
    return from_table(path, table, mapping, lambda name: Found(files.find(name)))


def from_table(path: PurePath, table: Table, mapping: Mapping[str, str], locate: Locate) -> Source:
    """Return the rows of a table; ``locate`` finds the files that it names. Raises ImportFailed."""
    targets = resolve_columns(path, table.header, mapping)
    # All rows are read once before any is used, so that a manifest that cannot be read to its end
    # adds nothing.
    total = sum(not line.is_blank for line in table.lines())
    if not total:
        raise ImportFailed(_("%(path)s lists no files.") % {"path": path})

    def rows() -> Iterator[Row]:
        return (
            _make_row(line, table, targets, locate) for line in table.lines() if not line.is_blank
        )

    notes = list(table.notes)
    left_out = [name for name in table.header if name and name not in targets]
    if left_out and extra_field() is None:
        notes.append(
            _("Ignored columns without a matching field: %(columns)s.")
            % {"columns": join_words(left_out)}
        )
    return Source(total=total, rows=rows, notes=notes)


def _make_row(line: Line, table: Table, targets: Mapping[str, str], locate: Locate) -> Row:
    cells = zip(table.header, line.cells, strict=False)
    by_column = {name: cell for name, cell in cells if name and cell}
    fields = {targets[name]: cell for name, cell in by_column.items() if name in targets}
    name = fields.pop(FILE, "")
    problem = line.problem or _find_problem(line, table)
    found = Found(PurePosixPath(name.replace("\0", "")))
    if not problem and not name:
        problem = _("The row names no file.")
    if not problem:
        try:
            found = locate(name)
        except PathProblem as error:
            problem = str(error)
        except OSError as error:
            problem = reason_of(error)
    return Row(
        name=name,
        path=found.path,
        opener=found.opener,
        number=line.number,
        fields=fields,
        extra={name: cell for name, cell in by_column.items() if name not in targets},
        problem=problem,
    )


def _find_problem(line: Line, table: Table) -> str:
    """Return why a row cannot be used, or an empty string."""
    if sign := find_control_character(line.cells):
        return _("The row contains a control character (%(sign)s).") % {"sign": sign}
    if has_too_many(line.cells, table.header):
        return _("The row has more cells than the header.")
    if has_too_few(line.cells, table.header):
        return _("The row has fewer cells than the header: %(count)d instead of %(expected)d.") % {
            "count": len(line.cells),
            "expected": count_named(table.header),
        }
    return ""
