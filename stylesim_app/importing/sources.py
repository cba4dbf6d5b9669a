"""What there is to import: the pictures of a folder, or the rows of a CSV manifest."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.db.models import FileField, JSONField
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..core.images import FORMATS
from ..exceptions import ImportFailed

#: The column, or the target of ``--map``, that names the picture.
FILE = "file"

_ENDINGS = frozenset(f".{ending}" for endings in FORMATS.values() for ending in endings)
_DELIMITERS = ",;\t"
_HEADER_CHARACTERS = 100_000


def as_text(file_name: str) -> str:
    """Return a file name that can be shown and stored: bytes of it that are no text
    become ``?``."""
    return file_name.encode("utf-8", "replace").decode()


@dataclass(frozen=True)
class Row:
    """One picture: where it lies, and what the manifest says about it.

    ``fields`` are the non-empty cells by field of the artwork model, ``extra`` those of columns
    that no field takes. A row that cannot be used says so in ``problem``.
    """

    name: str
    path: Path
    number: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def place(self) -> str:
        """Where a person finds the row: its number in the manifest, and the file."""
        name = as_text(self.name)
        if self.number is None:
            return name
        return _("row %(number)d, %(name)s") % {"number": self.number, "name": name or "?"}


@dataclass(frozen=True)
class Source:
    """A folder or manifest that was found usable; ``rows()`` reads it again each time."""

    total: int
    rows: Callable[[], Iterator[Row]]
    notes: Sequence[str] = ()


def open_source(
    path: Path, mapping: Mapping[str, str] | None = None, root: Path | None = None
) -> Source:
    """Return the pictures of a folder and its subfolders, or the rows of a manifest.

    ``mapping`` says which field takes a column whose name does not; the manifest's paths start at
    ``root``, or else at its own folder. Raises ImportFailed.
    """
    if path.is_dir():
        if mapping or root is not None:
            raise ImportFailed(_("--map and --root work only with a manifest, not with a folder."))
        return _open_folder(path)
    if not path.is_file():
        raise ImportFailed(_("Folder or manifest not found: %(path)s.") % {"path": path})
    return _open_manifest(path, mapping or {}, (root or path.parent).absolute())


def parse_mapping(texts: Sequence[str]) -> dict[str, str]:
    """Return ``["Maker=artist"]`` as ``{"Maker": "artist"}``. Raises ImportFailed."""
    mapping = {}
    for text in texts:
        column, separator, target = (part.strip() for part in text.rpartition("="))
        if not (column and separator and target):
            raise ImportFailed(_("Write a mapping as COLUMN=FIELD, not %(text)r.") % {"text": text})
        mapping[column] = target
    return mapping


def importable_fields() -> list[str]:
    """Return the fields of the artwork model in use that a cell of text can fill."""
    return [
        field.name
        for field in get_artwork_model()._meta.concrete_fields
        if field.editable
        and not (field.primary_key or field.is_relation)
        and not isinstance(field, (FileField, JSONField))
    ]


def extra_field() -> str | None:
    """Return the JSON field in which the model in use keeps what no field takes, if any."""
    name = adapter().field("extra")
    is_json = name and isinstance(get_artwork_model()._meta.get_field(name), JSONField)
    return name if is_json else None


def _open_folder(folder: Path) -> Source:
    pictures = []
    others = 0
    for directory, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(name for name in files if not name.startswith(".")):
            path = Path(directory, name)
            if path.suffix.lower() in _ENDINGS:
                pictures.append(path)
            else:
                others += 1
    if not pictures:
        raise ImportFailed(
            _("No pictures found in %(path)s. Supported file types: %(endings)s.")
            % {"path": folder, "endings": " ".join(sorted(_ENDINGS))}
        )
    notes = []
    if others:
        skipped = ngettext(
            "Skipped %(count)d file that is not a picture.",
            "Skipped %(count)d files that are not pictures.",
            others,
        )
        notes.append(skipped % {"count": others})
    return Source(
        total=len(pictures),
        rows=lambda: (Row(str(path.relative_to(folder)), path) for path in pictures),
        notes=notes,
    )


def _open_manifest(path: Path, mapping: Mapping[str, str], root: Path) -> Source:
    # The whole file is read once before any row is used, so that a manifest that cannot be read
    # to its end adds nothing.
    lines = _read_cells(path)
    header = [name.strip() for name in next(lines, (0, []))[1]]
    targets = _resolve_columns(path, header, mapping)
    total = sum(1 for _number, cells in lines if any(cells))
    if not total:
        raise ImportFailed(_("%(path)s lists no files.") % {"path": path})

    def rows() -> Iterator[Row]:
        lines = _read_cells(path)
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


def _read_cells(path: Path) -> Iterator[tuple[int, list[str]]]:
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


def _resolve_columns(
    path: Path, header: Sequence[str], mapping: Mapping[str, str]
) -> dict[str, str]:
    """Return the target, ``file`` or a field, of each column that has one. Raises ImportFailed."""
    fields = importable_fields()
    columns = ", ".join(name for name in header if name) or _("none")
    for column, target in mapping.items():
        if column not in header:
            raise ImportFailed(
                _("The manifest has no column %(column)r; its columns are: %(columns)s.")
                % {"column": column, "columns": columns}
            )
        if target not in (FILE, *fields):
            raise ImportFailed(
                _("There is no field %(field)r to import into. Available fields: %(fields)s.")
                % {"field": target, "fields": ", ".join((FILE, *fields))}
            )
    taken = set(mapping.values())
    targets = dict(mapping)
    for column in header:
        target = column.lower().replace(" ", "_")
        if target not in (FILE, *fields):
            # A fact by the name that Artwork has for it.
            target = adapter().field(target) or target
        if column not in mapping and target in (FILE, *fields) and target not in taken:
            targets[column] = target
    counts = [*Counter(filter(None, header)).items(), *Counter(targets.values()).items()]
    for name, count in counts:
        if count > 1:
            raise ImportFailed(_("More than one column is used for %(name)r.") % {"name": name})
    if FILE not in targets.values():
        raise ImportFailed(
            _(
                "%(path)s has no column “file”; its columns are: %(columns)s. If another column "
                "names the pictures, use --map COLUMN=file."
            )
            % {"path": path, "columns": columns}
        )
    return targets


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
