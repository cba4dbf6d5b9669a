"""The cells of the first sheet of a spreadsheet in XLSX."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from ...exceptions import ImportFailed
from .archives import check_bounds, open_archive
from .table import Line, Table, clean_header

#: The largest spreadsheet when it is expanded.
_MAX_BYTES = 2_000_000_000
_ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!")


def read_xlsx(path: Path) -> Table:
    """Return the table of the first sheet; its header is the first row that is not blank.

    Formulas have the values that were last computed. Raises ImportFailed.
    """
    with open_archive(path) as archive:
        check_bounds(archive.infolist(), _MAX_BYTES)
    notes = []
    header: list[str] = []
    position = 0
    with closing(_rows(path)) as rows:
        for number, (title, others, cells) in enumerate(rows, start=1):
            if any(cells):
                position, header = number, clean_header(cells)
                if others:
                    notes.append(_other_sheets(title))
                break

    def lines() -> Iterator[Line]:
        with closing(_rows(path)) as rows:
            for number, (_title, _others, cells) in enumerate(rows, start=1):
                if number > position:
                    yield _make_line(number, cells, len(header))

    return Table(header, lines, notes)


def _other_sheets(title: str) -> str:
    return _("Read the sheet “%(title)s”; other sheets were ignored.") % {"title": title}


def _rows(path: Path) -> Generator[tuple[str, int, list[str]], None, None]:
    """Return the title of the sheet, the number of other sheets, and the cells of each row."""
    # It is slow to import, and most imports need none.
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            # About extensions that hold no cells.
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
        try:
            sheets = book.worksheets
            if not sheets:
                return
            # Some programs write a wrong size, by which rows would be cut.
            sheets[0].reset_dimensions()
            for cells in sheets[0].iter_rows(values_only=True):
                yield str(sheets[0].title), len(sheets) - 1, [_as_text(cell) for cell in cells]
        finally:
            book.close()
    except ImportFailed:
        raise
    except Exception as error:
        raise ImportFailed(
            _("%(path)s cannot be read: %(reason)s.") % {"path": path, "reason": error}
        ) from error


def _as_text(cell: Any) -> str:
    """Return the value of a cell as a person would type it."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return str(cell.date() if cell.time() == time() else cell)
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).replace("_x000D_", "").strip()


def _make_line(number: int, cells: list[str], columns: int) -> Line:
    # Cells at the end of a row that were never filled are not stored.
    padded = [*cells, *[""] * (columns - len(cells))]
    problem = ""
    if error := next((cell for cell in cells if cell in _ERRORS), ""):
        problem = _("A cell has the error %(error)s.") % {"error": error}
    if not any(padded):
        padded = []
    return Line(number, padded, problem)
