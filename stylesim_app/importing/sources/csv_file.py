"""The cells of a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _

from ...exceptions import ImportFailed

_DELIMITERS = ",;\t"
_HEADER_CHARACTERS = 100_000


def read_csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Return the rows as ``(number, cells)``, the header being number 1; blank lines are ``[]``."""
    try:
        # A spreadsheet writes a mark before the header, and often semicolons.
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline(_HEADER_CHARACTERS)
            file.seek(0)
            delimiter = max(_DELIMITERS, key=header.count)
            for number, cells in enumerate(csv.reader(file, delimiter=delimiter), start=1):
                yield number, [cell.strip() for cell in cells]
    except UnicodeDecodeError as error:
        raise ImportFailed(
            _("%(path)s is not a CSV file in UTF-8 (%(reason)s). Save it as UTF-8 and try again.")
            % {"path": path, "reason": error.reason}
        ) from error
    except (csv.Error, OSError) as error:
        raise ImportFailed(
            _("%(path)s cannot be read: %(reason)s.") % {"path": path, "reason": error}
        ) from error
