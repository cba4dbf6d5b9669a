"""CSV and XLSX as registrars exchange them: any usual encoding and delimiter in, safe texts out."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tablib
from django.utils.translation import gettext as _
from import_export.formats import base_formats

from ..collection.spreadsheets import BYTE_ORDER_MARK
from ..importing.sources.csv_file import read_csv
from ..importing.sources.table import Table, has_too_many
from ..importing.sources.xlsx_file import read_xlsx

#: Columns of a data set with the number of a row in its file, and why it cannot be read.
ROW, PROBLEM = "\0row", "\0problem"
#: Characters that a spreadsheet cannot hold.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class CsvFormat(base_formats.CSV):  # type: ignore[misc]
    """CSV in UTF-8 with a byte order mark; read in any encoding that can be recognized."""

    def is_binary(self) -> bool:
        return True

    def get_read_mode(self) -> str:
        return "rb"

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        return _read(in_stream, ".csv", read_csv)

    def export_data(self, dataset: tablib.Dataset, **options: Any) -> bytes:
        text: str = super().export_data(dataset, **options)
        return f"{BYTE_ORDER_MARK}{text}".encode()


class XlsxFormat(base_formats.XLSX):  # type: ignore[misc]
    """The first sheet of a spreadsheet, in which texts stay texts."""

    def create_dataset(self, in_stream: bytes) -> tablib.Dataset:
        return _read(in_stream, ".xlsx", read_xlsx)

    def export_data(self, dataset: tablib.Dataset, **options: Any) -> bytes:
        cells = [
            [CONTROL.sub("", cell) if isinstance(cell, str) else cell for cell in row]
            for row in dataset
        ]
        content: bytes = super().export_data(
            tablib.Dataset(*cells, headers=dataset.headers, title=dataset.title), **options
        )
        return content


def _read(content: bytes, ending: str, read: Callable[[Path], Table]) -> tablib.Dataset:
    """Return the rows of a file that are not blank. Raises ImportFailed."""
    with TemporaryDirectory(prefix="stylesim-") as folder:
        path = Path(folder) / f"{_('table')}{ending}"
        path.write_bytes(content)
        table = read(path)
        header = [*table.header, ROW, PROBLEM]
        width = len(table.header)
        rows = []
        for line in table.lines():
            if line.is_blank:
                continue
            problem = line.problem
            if not problem and has_too_many(line.cells, table.header):
                problem = _("The row has more cells than the header.")
            cells = [*line.cells, *[""] * width][:width]
            rows.append([*cells, str(line.number), problem])
    return tablib.Dataset(*rows, headers=header)
