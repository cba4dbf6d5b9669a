"""The pictures of a zip archive, with or without a manifest in it."""

from __future__ import annotations

import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from zipfile import ZipFile, ZipInfo

from django.utils.translation import gettext as _

from ...collection.fields import image_limits
from ...exceptions import ImportFailed
from ...messages import join_words
from .archives import EntryProblem, open_archive, read_entry
from .base import Found, Row, Skipped, Source
from .encodings import NAMES, detect
from .folder import ENDINGS, count_skipped, no_pictures, not_a_picture, outer_link, system_name
from .manifest import TABLE_ENDINGS, from_table, read_table
from .paths import PathProblem, choose, fold, leads_out, outside, variants
from .system_files import is_system_file, is_system_folder
from .table import Table

#: The largest manifest in an archive.
_MAX_TABLE_BYTES = 200_000_000
_MANIFESTS = ("manifest", "metadata")
_ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_UTF8_NAME = 0x800


@dataclass(frozen=True)
class Entry:
    """A file of an archive, by its path in it."""

    path: PurePosixPath
    info: ZipInfo


def open_zip(path: Path, mapping: Mapping[str, str], encoding: str = "") -> Source:
    """Return the pictures of an archive, or the rows of the manifest in it. Raises ImportFailed."""
    with open_archive(path) as archive:
        entries, rows, skipped = _sort(archive)
        tables = [entry for entry in entries if entry.path.suffix.lower() in TABLE_ENDINGS]
        manifest = _choose_manifest(tables)
        if manifest is not None:
            return _open_manifest(path, archive, manifest, entries, rows, mapping, encoding)
    if mapping or encoding:
        raise ImportFailed(_("--map and --encoding need a manifest; the archive has none."))
    pictures = [entry for entry in entries if entry.path.suffix.lower() in ENDINGS]
    skipped += [
        Skipped(str(entry.path), not_a_picture()) for entry in entries if entry not in pictures
    ]
    if not (pictures or rows):
        raise no_pictures(path)

    def read() -> Iterator[Row]:
        yield from rows
        with open_archive(path) as archive:
            for entry in pictures:
                opener = partial(_read_picture, archive, entry.info)
                yield Row(str(entry.path), entry.path, opener=opener)

    return Source(len(rows) + len(pictures), read, count_skipped(skipped), skipped)


def _sort(archive: ZipFile) -> tuple[list[Entry], list[Row], list[Skipped]]:
    """Return the files of an archive, those that are refused, and those that are left out."""
    entries, refused, skipped = [], [], []
    decode = _name_decoder(archive.infolist())
    for info in archive.infolist():
        path = PurePosixPath(decode(info).replace("\\", "/"))
        if info.is_dir():
            continue
        if any(map(is_system_folder, path.parts[:-1])) and ".." not in path.parts:
            skipped.append(Skipped(str(path), system_name()))
        elif problem := _find_problem(path, info):
            refused.append(Row(str(path), path, problem=problem))
        elif is_system_file(path.name):
            skipped.append(Skipped(str(path), system_name()))
        else:
            entries.append(Entry(path, info))
    return entries, refused, skipped


def _find_problem(path: PurePosixPath, info: ZipInfo) -> str:
    """Return why an entry is refused, or an empty string."""
    if path.is_absolute() or ".." in path.parts or (path.parts[:1] and path.parts[0].endswith(":")):
        return _("The path leads out of the archive.")
    if stat.S_ISLNK(info.external_attr >> 16):
        return outer_link()
    if path.suffix.lower() in _ARCHIVES:
        return _("Archives in an archive are not read. Import this one by itself.")
    return ""


def _name_decoder(entries: list[ZipInfo]) -> Callable[[ZipInfo], str]:
    """Return a function that returns the name of an entry.

    Names that are not marked as UTF-8 are in the encoding of the system that wrote the archive.
    """
    unmarked = [_raw_name(info) for info in entries if not info.flag_bits & _UTF8_NAME]
    encoding = detect(b"\n".join(unmarked), NAMES) or "cp437"

    def decode(info: ZipInfo) -> str:
        if info.flag_bits & _UTF8_NAME:
            return info.filename
        return _raw_name(info).decode(encoding, "replace")

    return decode


def _raw_name(info: ZipInfo) -> bytes:
    # The module has decoded it so.
    return info.filename.encode("cp437", "replace")


def _choose_manifest(tables: list[Entry]) -> Entry | None:
    """Return the only table, or the one that is called a manifest. Raises ImportFailed."""
    named = [entry for entry in tables if entry.path.stem.lower() in _MANIFESTS]
    chosen = named if len(tables) > 1 else tables
    if len(tables) > 1 and len(named) != 1:
        raise ImportFailed(
            _("The archive has several tables: %(names)s. Call the manifest manifest.csv.")
            % {"names": join_words(str(entry.path) for entry in tables[:10])}
        )
    return chosen[0] if chosen else None


def _open_manifest(
    path: Path,
    archive: ZipFile,
    manifest: Entry,
    entries: list[Entry],
    refused: list[Row],
    mapping: Mapping[str, str],
    encoding: str,
) -> Source:
    table = _read_manifest(archive, manifest, mapping, encoding)
    files = _ArchiveFiles(entries, manifest.path.parent)
    opened: list[ZipFile] = []

    def locate(name: str) -> Found:
        entry = files.find(name)
        return Found(entry.path, partial(_read_picture, opened[0], entry.info))

    # Counts the rows, and locates none.
    source = from_table(PurePosixPath(path.name, manifest.path), table, mapping, locate)

    def read() -> Iterator[Row]:
        yield from refused
        with open_archive(path) as archive:
            opened[:] = [archive]
            yield from source.rows()

    return Source(source.total + len(refused), read, source.notes)


def _read_manifest(
    archive: ZipFile, manifest: Entry, mapping: Mapping[str, str], encoding: str
) -> Table:
    """Return the table of an entry, all of it in memory. Raises ImportFailed."""
    try:
        content = read_entry(archive, manifest.info, _MAX_TABLE_BYTES)
    except EntryProblem as error:
        raise ImportFailed(f"{manifest.path}: {error}") from error
    with TemporaryDirectory() as folder:
        copy = Path(folder, f"manifest{manifest.path.suffix}")
        copy.write_bytes(content.getbuffer())
        table = read_table(copy, mapping, encoding)
        lines = list(table.lines())
    return Table(table.header, lambda: iter(lines), table.notes)


class _ArchiveFiles:
    """The files of an archive, found by the names that a manifest has for them."""

    def __init__(self, entries: list[Entry], root: PurePosixPath) -> None:
        self._root = root
        self._exact = {str(entry.path): entry for entry in entries}
        self._alike: dict[str, list[str]] = {}
        for path in self._exact:
            self._alike.setdefault(fold(path), []).append(path)

    def find(self, name: str) -> Entry:
        """Return the entry that a manifest names. Raises PathProblem."""
        paths = [path for path in variants(name) if not leads_out(path)]
        if not paths:
            raise PathProblem(outside(self._root))
        full = [str(self._root / path) for path in paths]
        for path in full:
            if path in self._exact:
                return self._exact[path]
        for path in full:
            composed = unicodedata.normalize("NFC", path)
            if found := choose(composed, self._alike.get(fold(path), [])):
                return self._exact[found]
        raise PathProblem(_("File not found."))


def _read_picture(archive: ZipFile, info: ZipInfo) -> BytesIO:
    return read_entry(archive, info, image_limits().max_bytes)
