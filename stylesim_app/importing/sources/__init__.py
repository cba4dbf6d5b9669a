"""Sources of an import: the pictures of a folder or a zip archive, or the rows of a manifest.

A new kind of table is a reader that ``manifest.read_table`` calls; another kind of source, a
function that returns a ``Source``, called by ``open_source``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.utils.translation import gettext as _

from ...exceptions import ImportFailed
from .base import Source, as_text, reason_of
from .folder import open_folder
from .manifest import open_manifest
from .zip_file import open_zip


def open_source(
    path: Path,
    mapping: Mapping[str, str] | None = None,
    root: Path | None = None,
    encoding: str = "",
) -> Source:
    """Return the pictures of a folder or an archive, or the rows of a manifest.

    ``mapping`` names the field of a column whose name does not; the manifest's paths start at
    ``root``, or else at its own folder. An empty ``encoding`` is detected. Raises ImportFailed.
    """
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as error:
        raise ImportFailed(
            _("%(path)s cannot be read: %(reason)s.")
            % {"path": as_text(str(path))[:200], "reason": reason_of(error)}
        ) from error
    if is_folder:
        if mapping or root is not None or encoding:
            raise ImportFailed(
                _("--map, --root and --encoding work only with a manifest, not with a folder.")
            )
        return open_folder(path)
    if is_file and path.suffix.lower() == ".zip":
        if root is not None:
            raise ImportFailed(_("--root works only with a manifest that is not in an archive."))
        return open_zip(path, mapping or {}, encoding)
    if not is_file:
        raise ImportFailed(_("Folder or manifest not found: %(path)s.") % {"path": path})
    return open_manifest(path, mapping or {}, (root or path.parent).absolute(), encoding)
