"""The cells of a CSV file: any usual delimiter, any usual encoding."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

from ...exceptions import ImportFailed
from .base import reason_of
from .encodings import detect
from .folder import ENDINGS
from .quoting import MAX_CHARACTERS, Record, join_lines, split
from .table import Line, Table, clean_header, has_too_few, has_too_many

_DELIMITERS = ",;\t|"
#: The delimiter of a table of one column: no cell has it.
_NO_DELIMITER = "\n"
_DETECTED_BYTES = 16_000_000
_SAMPLED_LINES = 50
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE | re.DOTALL)
#: Columns by which a header is recognized.
_KNOWN = frozenset(
    {"file", "file_name", "filename", "image", "path", "query", "reference", "title"}
)
#: The replacement of bytes that are not of the encoding.
_REPLACEMENT = "\ufffd"
#: The end of a line that was too long to read.
_CUT = "\0…"
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\ufffd]")


def read_csv(path: Path, encoding: str = "", columns: Collection[str] = ()) -> Table:
    """Return the table of a CSV file. Raises ImportFailed.

    Encoding and delimiter are detected, the delimiter also by ``columns`` that the header has. A
    first line such as ``sep=;`` names it.
    """
    notes = []
    if encoding:
        _check_encoding(encoding)
    else:
        encoding, sample = _detect(path)
        if not encoding.startswith("utf-8"):
            notes.append(_guess(encoding, sample))
    first = list(islice(_read_lines(path, encoding), _SAMPLED_LINES))
    if sum(len(_BINARY.findall(line)) for line in first) * 10 > sum(map(len, first)):
        raise ImportFailed(_("%(path)s is not a table of text.") % {"path": path})
    declared = _SEPARATOR_LINE.fullmatch(first[0]) if first else None
    start = 1 if declared else 0
    known = _KNOWN | {_normal(name) for name in columns}
    delimiter = declared[1] if declared else _find_delimiter(first, known)
    header = _read_header(first[start:], delimiter)

    def fits(cells: list[str]) -> bool:
        return not (has_too_few(cells, header) or has_too_many(cells, header))

    def lines() -> Iterator[Line]:
        physical = islice(_read_lines(path, encoding), start, None)
        records = join_lines(physical, delimiter, fits, _row_test(len(header)))
        for number, record in enumerate(records, start=1):
            if number > 1:
                yield _make_line(number, record, encoding)

    return Table(header, lines, notes)


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except LookupError as error:
        raise ImportFailed(_("Unknown encoding: %(encoding)s.") % {"encoding": encoding}) from error


def _detect(path: Path) -> tuple[str, str]:
    """Return the encoding of a file, and the beginning of its text. Raises ImportFailed."""
    try:
        with path.open("rb") as file:
            content = file.read(_DETECTED_BYTES)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(content) == _DETECTED_BYTES:
        content = content[: content.rfind(b"\n") + 1]
    encoding = detect(content)
    if encoding is None:
        raise ImportFailed(
            _(
                "The encoding of %(path)s is unclear. Save it as UTF-8, or set its encoding, for "
                "example --encoding cp1250."
            )
            % {"path": path}
        )
    return encoding, content.decode(encoding, "replace")


def _guess(encoding: str, sample: str) -> str:
    found = re.search(r"\w*[^\x00-\x7f]\w*", sample.removeprefix("\ufeff"))
    if found is None:
        return _("Read as %(encoding)s.") % {"encoding": encoding}
    return _(
        "Read as %(encoding)s, for example “%(example)s”. If that is wrong, set --encoding."
    ) % {"encoding": encoding, "example": found[0][:40]}


def _unreadable(path: Path, error: OSError) -> ImportFailed:
    return ImportFailed(
        _("%(path)s cannot be read: %(reason)s.") % {"path": path, "reason": reason_of(error)}
    )


def _read_lines(path: Path, encoding: str) -> Iterator[str]:
    """Return the physical lines without their ends; of longer ones, the first MAX_CHARACTERS."""
    try:
        # Bytes that are not of the encoding concern their row only.
        with path.open(encoding=encoding, errors="replace") as file:
            while line := file.readline(MAX_CHARACTERS):
                rest = line
                while not rest.endswith("\n") and (rest := file.readline(MAX_CHARACTERS)):
                    line = f"{line[:MAX_CHARACTERS]}{_CUT}"
                yield line.removesuffix("\n").removeprefix("\ufeff")
    except OSError as error:
        raise _unreadable(path, error) from error


def _read_header(lines: Sequence[str], delimiter: str) -> list[str]:
    first = next(join_lines(iter(lines), delimiter, bool, _row_test(0)), Record([]))
    return clean_header(first.cells)


def _row_test(columns: int) -> Callable[[list[str], list[str]], bool]:
    """Return a test of whether a line that a cell has swallowed looks like a row by itself.

    It has a picture, as the row that swallowed it has, and as many cells as the header, or nothing
    else.
    """

    def is_row(cells: list[str], swallowing: list[str]) -> bool:
        if not any(map(_is_picture, swallowing)):
            # The names have no endings.
            return len(cells) == columns > 1
        if len(cells) == columns > 1:
            return any(map(_is_picture, cells))
        return _is_picture(cells[0]) and len(cells[0].split()) == 1

    return is_row


def _is_picture(cell: str) -> bool:
    return f".{cell.strip().rpartition('.')[2].lower()}" in ENDINGS


def _normal(name: str) -> str:
    return name.strip().lower().replace(" ", "_")


def _find_delimiter(lines: Sequence[str], known: Collection[str]) -> str:
    """Return the delimiter that gives a known column, rows as long as the header, and most columns.

    Signs within quotation marks do not count.
    """

    def rate(delimiter: str) -> tuple[bool, float, int]:
        header = _read_header(lines, delimiter)
        counts = [len(split(line, delimiter)[0]) for line in lines[1:] if line.strip()]
        alike = sum(count == len(header) for count in counts) / max(len(counts), 1)
        return any(_normal(name) in known for name in header), alike, len(header)

    with_cells = [each for each in _DELIMITERS if len(_read_header(lines, each)) > 1]
    return max(with_cells, key=rate, default=_NO_DELIMITER)


def _make_line(number: int, record: Record, encoding: str) -> Line:
    cells = [cell.replace("\v", "\n").strip() for cell in record.cells]
    problem = ""
    if not record.is_closed:
        problem = _("A quotation mark is not closed.")
    elif any(_CUT in cell for cell in cells):
        problem = _("The row is too long.")
    elif any(_REPLACEMENT in cell for cell in cells):
        problem = _("The row has characters that are not %(encoding)s.") % {"encoding": encoding}
    return Line(number, cells, problem)
