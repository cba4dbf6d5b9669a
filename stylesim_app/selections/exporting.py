"""Sets as tables: CSV and XLSX, with the facts of each work."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from ..collection.adapter import FACTS, adapter
from ..collection.spreadsheets import csv_lines, is_formula

#: The columns by which a table is read again.
KEY, NUMBER, TITLE = "id", "accession_number", "title"
#: The address of a work's page.
ADDRESS = "url"
_SHEET = "Set"
_WIDEST = 60

#: From an artwork to the address of its page.
Address = Callable[[Any], str]


def rows_of(artworks: Iterable[Any], address: Address) -> tuple[list[str], list[dict[str, str]]]:
    """Return the columns of a table, and the cells of each artwork by column."""
    known = adapter()
    facts = [fact for fact in (NUMBER, TITLE, *FACTS) if known.field(fact) is not None]
    facts = list(dict.fromkeys(facts))
    fixed = list(dict.fromkeys([KEY, *facts[:1], TITLE, *facts]))
    labels = {known.label(fact) for fact in FACTS if known.field(fact) is not None}
    taken = {*fixed, ADDRESS}
    rows = []
    others: dict[str, None] = {}
    for artwork in artworks:
        row = {KEY: str(artwork.pk), TITLE: known.title(artwork), ADDRESS: address(artwork)}
        for fact in facts:
            value = known.value(artwork, fact)
            if fact != TITLE and value is not None:
                row[fact] = str(value)
        for label, value in known.facts(artwork):
            if label not in labels:
                name = f"{label} *" if label.lower() in taken else label
                others[name] = None
                row[name] = value
        rows.append(row)
    return [*fixed, *others, ADDRESS], rows


def to_csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return a table as CSV in UTF-8."""
    lines = ([row.get(name, "") for name in columns] for row in rows)
    return "".join(csv_lines(chain([columns], lines))).encode("utf-8", "replace")


def to_xlsx(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return a table as XLSX, in which each cell is a text."""
    # It is slow to import, and most pages need none.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_SHEET)
    lines = [[row.get(name, "") for name in columns] for row in rows]
    for index, name in enumerate(columns, start=1):
        longest = max(len(name), *(len(line[index - 1]) for line in lines), 8)
        sheet.column_dimensions[get_column_letter(index)].width = min(longest, _WIDEST) + 2
    sheet.freeze_panes = "A2"

    def cell_of(text: str) -> Any:
        plain = ILLEGAL_CHARACTERS_RE.sub("", text.encode("utf-8", "replace").decode())
        cell = WriteOnlyCell(sheet, plain)
        # Without this, a text with an equals sign is a formula.
        cell.data_type = "s"
        cell.quotePrefix = is_formula(plain)
        return cell

    head = [cell_of(name) for name in columns]
    for cell in head:
        cell.font = Font(bold=True)
    sheet.append(head)
    for line in lines:
        sheet.append([cell_of(text) for text in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
