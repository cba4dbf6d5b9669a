"""Sources of an evaluation: labelled folders, lists of pairs, and what apps register by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.utils.translation import gettext as _

from ..exceptions import EvaluationFailed, ImportFailed
from ..importing.sources.base import as_text
from ..importing.sources.csv_file import read_csv
from ..importing.sources.folder import open_folder

#: Tables of a folder that label its pictures, the first that is there.
TABLES = ("manifest.csv", "metadata.csv")
#: Columns that name the picture of a row, the first that is there.
FILE_COLUMNS = ("file", "file_name", "filename", "image", "path")
#: Columns that label pictures, unless others are chosen.
LABELS = ("artist", "movement")
#: The label of pictures in subfolders, where no table labels them.
SUBFOLDER = "subfolder"
#: What a list of pairs writes for a picture that is not in the collection.
NO_REFERENCE = "none"
#: The kind of a pair without one.
PAIR = "pair"

#: Returns a folder or a table.
Locate = Callable[[], Path]
Cells = Mapping[str, str]

_named: dict[str, Locate] = {}


@dataclass(frozen=True)
class Shown:
    """A picture file, its name in reports, and its labels."""

    path: Path
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """A picture to search for and the ``right`` works; none if the collection has none."""

    query: Shown
    right: tuple[Path, ...]
    kind: str


@dataclass(frozen=True)
class Source:
    """The works of a folder or table, the labels that some of them have, and the pairs."""

    name: str
    works: Sequence[Shown]
    labels: Sequence[str] = ()
    pairs: Sequence[Pair] = ()


def register(name: str, locate: Locate) -> None:
    """Add a source by name, from ``AppConfig.ready``."""
    _named[name] = locate


def read_source(text: str, labels: Sequence[str] = ()) -> Source:
    """Read a folder, a table of labelled pictures, a list of pairs, or a registered source.

    A table with the columns ``query`` and ``reference``, or ``role`` and ``reference``, is a list
    of pairs. ``labels`` are the columns that label pictures. Raises EvaluationFailed.
    """
    path = Path(text).expanduser()
    if text in _named and not path.exists():
        path = _named[text]()
    try:
        if path.is_dir():
            tables = [path / name for name in TABLES if (path / name).is_file()]
            return _read_table(tables[0], labels) if tables else _read_folder(path)
        if path.is_file():
            return _read_table(path, labels)
    except ImportFailed as error:
        raise EvaluationFailed(str(error)) from error
    raise EvaluationFailed(_("Folder or table not found: %(path)s.") % {"path": path})


def read_pictures(folder: Path) -> list[Shown]:
    """Return the pictures of a folder, without labels. Raises EvaluationFailed."""
    try:
        rows = [row for row in open_folder(folder).rows() if not row.problem]
    except ImportFailed as error:
        raise EvaluationFailed(str(error)) from error
    root = folder.absolute()
    return [_show(root, row.name) for row in rows]


def _read_folder(folder: Path) -> Source:
    root = folder.absolute()
    works = []
    for row in open_folder(folder).rows():
        if row.problem:
            continue
        first, *rest = Path(row.name).parts
        works.append(_show(root, row.name, {SUBFOLDER: first} if rest else {}))
    return Source(root.name, works, _distinct(works, [SUBFOLDER]))


def _read_table(path: Path, labels: Sequence[str]) -> Source:
    root = path.absolute().parent
    name = root.name if path.name in TABLES else path.stem
    rows = list(_read_rows(path))
    columns = set(rows[0]) if rows else set()
    if {"query", "reference"} <= columns:
        return _read_pairs(name, root, rows)
    file = next((column for column in FILE_COLUMNS if column in columns), None)
    if file is None:
        raise EvaluationFailed(
            _("%(path)s has no column “file”, nor “query” and “reference”.") % {"path": path}
        )
    if {"role", "reference"} <= columns:
        return _read_roles(name, root, rows, file)
    wanted = [_normal(label) for label in labels] or list(LABELS)
    missing = [label for label in wanted if label not in columns] if labels else []
    if missing:
        raise EvaluationFailed(
            _("%(path)s has no column “%(column)s”.") % {"path": path, "column": missing[0]}
        )
    works = [
        _show(root, row[file], {label: row[label] for label in wanted if row.get(label)})
        for row in rows
        if row.get(file)
    ]
    return Source(name, works, _distinct(works, wanted))


def _read_pairs(name: str, root: Path, rows: Iterable[Cells]) -> Source:
    pairs = [_pair(root, row["query"], row) for row in rows if row["query"]]
    references = dict.fromkeys(each for row in rows for each in _references(row))
    return Source(name, [_show(root, each) for each in references], pairs=pairs)


def _read_roles(name: str, root: Path, rows: Sequence[Cells], file: str) -> Source:
    """Read a table whose rows are queries or references, as sets of photographs are labelled."""
    queries = [row for row in rows if row["role"].lower() == "query" and row[file]]
    listed = [row[file] for row in rows if row["role"].lower() == "reference" and row[file]]
    # A reference may be listed as a query alone, or not at all.
    named = [each for row in queries for each in _references(row)]
    works = [_show(root, each) for each in dict.fromkeys([*listed, *named])]
    return Source(name, works, pairs=[_pair(root, row[file], row) for row in queries])


def _pair(root: Path, query: str, row: Cells) -> Pair:
    kind = row.get("kind") or row.get("query_view") or PAIR
    right = tuple(_show(root, each).path for each in _references(row))
    return Pair(_show(root, query), right, kind)


def _references(row: Cells) -> list[str]:
    names = [name.strip() for name in row["reference"].split("|")]
    return [name for name in names if name and name.lower() != NO_REFERENCE]


def _read_rows(path: Path) -> Iterable[Cells]:
    table = read_csv(path)
    header = [_normal(name) for name in table.header]
    for line in table.lines():
        if not line.is_blank:
            padded = [*line.cells, *[""] * (len(header) - len(line.cells))]
            yield dict(zip(header, padded, strict=False))


def _normal(column: str) -> str:
    return column.strip().lower().replace(" ", "_")


def _show(root: Path, name: str, labels: Mapping[str, str] | None = None) -> Shown:
    path = Path(os.path.normpath(root / name.replace("\0", "")))
    # A report names no folder above the source.
    inside = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return Shown(path, as_text(f"{root.name}/{inside}"), labels or {})


def _distinct(works: Sequence[Shown], labels: Iterable[str]) -> list[str]:
    """Return the labels that tell some works from others."""
    return [
        label
        for label in labels
        if len({work.labels[label] for work in works if label in work.labels}) > 1
    ]
