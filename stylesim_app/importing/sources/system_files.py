"""Files and folders that systems keep among pictures, and that are no artworks."""

from __future__ import annotations

#: Folders of network storage, recycle bins, file systems and archive programs, in small letters.
FOLDERS = frozenset(
    {
        "@eadir",
        "@tmp",
        "@recycle",
        "@recently-snapshot",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "$extend",
        "recycler",
        "recycled",
        "system volume information",
        "found.000",
        "lost+found",
        "__macosx",
        "resource.frk",
        "network trash folder",
        "temporary items",
        "thedesktop",
        "thevolumesettingsfolder",
        "~snapshot",
    }
)
#: Files of systems, in small letters.
FILES = frozenset({"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "folder.htt"})
# Office programs and editors leave these beside the file that is open.
_LOCKS = ("~$", "._")


def is_system_folder(name: str) -> bool:
    """Return whether a folder is one that a system keeps; hidden folders are."""
    return name.startswith(".") or name.lower() in FOLDERS


def is_system_file(name: str) -> bool:
    """Return whether a file is one that a system keeps; hidden files are."""
    return name.startswith((".", *_LOCKS)) or name.lower() in FILES
