"""The rows of a table that lists pictures and their facts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from django.utils.translation import gettext as _

from ...exceptions import ImportFailed
from .base import Row, Source
from .columns import FILE, extra_field, resolve_columns
from .csv_file import read_csv

#: From a file to its rows as ``(number, cells)``, the header being number 1; blank lines are
#: ``[]``. Raises ImportFailed.
CellReader = Callable[[Path], Iterator[tuple[int, list[str]]]]

#: The reader of each kind of table, by the ending of its name.
READERS: dict[str, CellReader] = {".csv": read_csv}


def open_manifest(path: Path, mapping: Mapping[str, str], root: Path) -> Source:
    """Return the rows of a table; one without a known ending is read as CSV. Raises
    ImportFailed."""
    read_cells = READERS.get(path.suffix.lower(), read_csv)
    # The whole file is read once before any row is used, so that a manifest that cannot be read
    # to its end adds nothing.
    lines = read_cells(path)
    header = [name.strip() for name in next(lines, (0, []))[1]]
    targets = resolve_columns(path, header, mapping)
    total = sum(1 for _number, cells in lines if any(cells))
    if not total:
        raise ImportFailed(_("%(path)s lists no files.") % {"path": path})

    def rows() -> Iterator[Row]:
        lines = read_cells(path)
        next(lines)
        return (
            _make_row(number, cells, header, targets, root) for number, cells in lines if any(cells)
        )

    notes = []
    left_out = [name for name in header if name and name not in targets]
    if left_out and extra_field() is None:
        notes.append(
            _("Ignored columns without a matching field: %(columns)s.")
            % {"columns": ", ".join(left_out)}
        )
    return Source(total=total, rows=rows, notes=notes)


def _make_row(
    number: int,
    cells: Sequence[str],
    header: Sequence[str],
    targets: Mapping[str, str],
    root: Path,
) -> Row:
    by_column = {name: cell for name, cell in zip(header, cells, strict=False) if name and cell}
    fields = {targets[name]: cell for name, cell in by_column.items() if name in targets}
    name = fields.pop(FILE, "")
    path = Path(os.path.normpath(root / name.replace("\0", "")))
    problem = ""
    if any("\0" in cell for cell in cells):
        problem = _("The row contains a NUL character.")
    elif any(cells[len(header) :]):
        problem = _("The row has more cells than the header.")
    elif not name:
        problem = _("The row names no file.")
    elif not path.is_relative_to(os.path.normpath(root)):
        problem = _("The file is outside the folder %(folder)s.") % {"folder": root}
    return Row(
        name=name,
        path=path,
        number=number,
        fields=fields,
        extra={name: cell for name, cell in by_column.items() if name not in targets},
        problem=problem,
    )
