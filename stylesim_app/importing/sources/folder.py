"""The pictures of a folder and its subfolders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...core.images import FORMATS
from ...exceptions import ImportFailed
from .base import Row, Skipped, Source, as_text, real_path, reason_of
from .system_files import is_system_file, is_system_folder

ENDINGS = frozenset(f".{ending}" for endings in FORMATS.values() for ending in endings)


def open_folder(folder: Path) -> Source:
    """Return the pictures of a folder, by the endings of their names. Raises ImportFailed.

    A folder that cannot be read, or a link that leads out of the folder, is a row with a problem.
    """
    found = list(_walk(folder))
    rows = [each for each in found if isinstance(each, Row)]
    skipped = [each for each in found if isinstance(each, Skipped)]
    if not rows:
        raise no_pictures(folder)
    return Source(
        total=len(rows), rows=lambda: iter(rows), notes=count_skipped(skipped), skipped=skipped
    )


def no_pictures(path: Path) -> ImportFailed:
    """Return the failure of a source without pictures."""
    return ImportFailed(
        _("No pictures found in %(path)s. Supported file types: %(endings)s.")
        % {"path": path, "endings": " ".join(sorted(ENDINGS))}
    )


def count_skipped(skipped: list[Skipped]) -> list[str]:
    """Return a sentence for each reason for which something was left out."""
    texts = {
        not_a_picture(): ngettext(
            "Skipped %(count)d file that is not a picture.",
            "Skipped %(count)d files that are not pictures.",
            (others := _count(skipped, not_a_picture())),
        )
        % {"count": others},
        system_name(): ngettext(
            "Skipped %(count)d hidden or system file or folder.",
            "Skipped %(count)d hidden or system files and folders.",
            (systems := _count(skipped, system_name())),
        )
        % {"count": systems},
        inner_link(): ngettext(
            "Skipped %(count)d link to a folder that is searched anyway.",
            "Skipped %(count)d links to folders that are searched anyway.",
            (links := _count(skipped, inner_link())),
        )
        % {"count": links},
    }
    return [text for reason, text in texts.items() if _count(skipped, reason)]


def _count(skipped: list[Skipped], reason: str) -> int:
    return sum(each.reason == reason for each in skipped)


def not_a_picture() -> str:
    """Return the reason for which files of other kinds are left out."""
    return _("This is not a picture.")


def system_name() -> str:
    """Return the reason for which files and folders of systems are left out."""
    return _("Hidden or system files are not imported.")


def inner_link() -> str:
    """Return the reason for which links to folders are left out."""
    return _("This link leads to a folder that is searched anyway.")


def _walk(folder: Path) -> Iterator[Row | Skipped]:
    """Return what a folder holds, in the order of the names."""
    root = real_path(folder)
    waiting = [folder]
    while waiting:
        directory = waiting.pop()
        try:
            with os.scandir(directory) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if directory == folder:
                raise ImportFailed(
                    _("%(path)s cannot be read: %(reason)s.")
                    % {"path": as_text(str(folder)), "reason": reason_of(error)}
                ) from error
            reason = _("The folder cannot be read: %(reason)s.") % {"reason": reason_of(error)}
            yield _row(folder, directory, reason)
            continue
        below = []
        for entry in entries:
            path = Path(directory, entry.name)
            kind = _kind(entry)
            if kind == "folder":
                below.append(path)
            elif kind == "linked folder":
                yield _linked_folder(folder, root, path)
            elif (is_system_folder if kind == "system folder" else is_system_file)(entry.name):
                yield Skipped(_name(folder, path), system_name())
            elif path.suffix.lower() in ENDINGS:
                yield _picture(folder, root, path, entry)
            else:
                yield Skipped(_name(folder, path), not_a_picture())
        waiting += reversed(below)


def _kind(entry: os.DirEntry[str]) -> str:
    try:
        if not entry.is_dir():
            return "file"
        if is_system_folder(entry.name):
            return "system folder"
        return "linked folder" if entry.is_symlink() else "folder"
    except OSError:
        # Opening it gives the reason.
        return "file"


def _linked_folder(folder: Path, root: Path, path: Path) -> Row | Skipped:
    if real_path(path).is_relative_to(root):
        return Skipped(_name(folder, path), inner_link())
    return _row(folder, path, outer_link())


def _picture(folder: Path, root: Path, path: Path, entry: os.DirEntry[str]) -> Row:
    leads_out = entry.is_symlink() and not real_path(path).is_relative_to(root)
    return _row(folder, path, outer_link() if leads_out else "")


def outer_link() -> str:
    """Return the reason for which a link is refused."""
    return _("This link leads out of the folder, so it is not followed.")


def _row(folder: Path, path: Path, problem: str = "") -> Row:
    return Row(_name(folder, path), path, problem=problem)


def _name(folder: Path, path: Path) -> str:
    return str(path.relative_to(folder))
