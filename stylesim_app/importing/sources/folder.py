"""The pictures of a folder and its subfolders."""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...core.images import FORMATS
from ...exceptions import ImportFailed
from .base import Row, Source

_ENDINGS = frozenset(f".{ending}" for endings in FORMATS.values() for ending in endings)


def open_folder(folder: Path) -> Source:
    """Return the pictures of a folder, by the endings of their names. Raises ImportFailed."""
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
