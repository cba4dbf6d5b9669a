"""The report of an import: a file with a row for everything that was taken, skipped or failed.

It is complete after every row, so that it can be read while the import runs, or after a kill.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from django.utils.translation import gettext as _

from ..collection.spreadsheets import protect
from ..exceptions import ImportFailed
from .outcome import ImportedRow
from .sources.base import Skipped, as_text, reason_of

COLUMNS = ("row", "file", "state", "artwork", "reason", "detail")
#: The kinds of reports, by the endings of their names.
ENDINGS = (".csv", ".json")
_SKIPPED = "skipped"


class Report:
    """A report file, CSV or JSON by its ending. Opening it raises ImportFailed.

    ``failure`` is why the file cannot be written any longer, if so; the import goes on.
    """

    def __init__(self, path: Path, source: Path) -> None:
        self.path = path
        self.failure = ""
        self._is_json = path.suffix.lower() == ".json"
        if path.suffix.lower() not in ENDINGS:
            raise ImportFailed(
                _("The report must be a .csv or .json file, not %(path)s.") % {"path": path}
            )
        try:
            if path.exists() and source.exists() and path.samefile(source):
                raise ImportFailed(_("The report would overwrite %(path)s.") % {"path": path})
            # Excel reads UTF-8 with a mark alone.
            encoding = "utf-8" if self._is_json else "utf-8-sig"
            self._file: TextIO = path.open("w", encoding=encoding, newline="")
        except OSError as error:
            raise ImportFailed(
                _("The report %(path)s cannot be written: %(reason)s.")
                % {"path": path, "reason": reason_of(error)}
            ) from error
        self._count = 0

    def __enter__(self) -> Self:
        self._write("[\n]\n" if self._is_json else ",".join(COLUMNS) + "\r\n")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
        except OSError as failure:
            self.failure = reason_of(failure)

    def add(self, imported: ImportedRow) -> None:
        """Write the outcome of a row."""
        row = imported.row
        artwork = None if imported.artwork is None else str(imported.artwork)
        self._add(
            (row.number, row.name, imported.state.value, artwork, imported.reason, imported.detail)
        )

    def skip(self, skipped: Skipped) -> None:
        """Write a file or folder that is left out on purpose."""
        self._add((None, skipped.name, _SKIPPED, None, skipped.reason, ""))

    def _add(self, values: tuple[int | str | None, ...]) -> None:
        cells = tuple(as_text(each) if isinstance(each, str) else each for each in values)
        if self._is_json:
            text = json.dumps(dict(zip(COLUMNS, cells, strict=True)), ensure_ascii=False)
            self._write(f"{',' if self._count else ''}\n{text}\n]\n", replaced=len("\n]\n"))
        else:
            self._write_cells(cells)
        self._count += 1

    def _write_cells(self, cells: tuple[object, ...]) -> None:
        texts = ["" if cell is None else str(cell) for cell in cells]
        safe = [protect(text) for text in texts]
        try:
            csv.writer(self._file).writerow(safe)
            self._file.flush()
        except OSError as error:
            self.failure = reason_of(error)

    def _write(self, text: str, replaced: int = 0) -> None:
        """Write a text over the last ``replaced`` characters, which are ASCII."""
        if self.failure:
            return
        try:
            if replaced:
                self._file.seek(self._file.tell() - replaced)
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            self.failure = reason_of(error)
