"""Folders and files of the data directory that no other account of the host can read."""

from __future__ import annotations

from pathlib import Path

#: Modes of files and folders that the site alone reads.
PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
#: Others can pass through, for example to static files, but not list what is there.
PASSAGE = 0o711


def make_data_folder(path: Path) -> None:
    """Create the data directory, and the folders in it that the app writes without a storage.

    Folders that exist keep their modes.
    """
    if not path.exists():
        path.mkdir(parents=True)
        path.chmod(PASSAGE)
    for name in ("cache", "models"):
        (path / name).mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def make_database_file(path: Path) -> None:
    """Create an empty SQLite database; the files that SQLite puts next to it get its mode."""
    path.touch(mode=PRIVATE_FILE, exist_ok=True)
