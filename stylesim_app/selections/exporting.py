"""Sets as tables: CSV and XLSX, with the facts of each work."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..collection.adapter import FACTS, adapter

#: The columns by which a table is read again.
KEY, NUMBER, TITLE = "id", "accession_number", "title"
#: The address of a work's page.
ADDRESS = "url"
#: A spreadsheet would compute a cell that begins like this.
_FORMULA = re.compile(r"'*\s*[=+\-@＝＋－＠\t\r]")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")
#: Excel reads UTF-8 only with it.
_MARK = "\ufeff"
_SHEET = "Set"
_WIDEST = 60

#: From an artwork to the address of its page.
Address = Callable[[Any], str]


def harmless(text: str) -> str:
    """Return a text that a spreadsheet shows and does not compute."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def as_written(text: str) -> str:
    """Return the text that ``harmless`` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


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
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(map(harmless, columns))
    writer.writerows([harmless(row.get(name, "")) for name in columns] for row in rows)
    return f"{_MARK}{text.getvalue()}".encode("utf-8", "replace")


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
        cell.quotePrefix = bool(_FORMULA.match(plain))
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
