"""The file that a manifest means by a name, as different systems write names.

Macs take letters and accents apart, Windows writes backslashes and ignores case, and exports of web
sites use percent signs. An exact name wins; after that, a name that fits one file alone.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from django.utils.translation import gettext as _

from ...messages import join_words
from .base import as_text, real_path, reason_of
from .folder import outer_link

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class PathProblem(Exception):
    """A name that means no file, with the reason."""


def fold(name: str) -> str:
    """Return what names have in common that differ in case or in how accents are stored."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def variants(name: str) -> Iterator[PurePosixPath]:
    """Return the paths that a name may mean below the root, the most literal first.

    ``..`` is resolved as text; a path that still begins with it leads out of the root.
    """
    seen = set()
    texts = [name, name.replace("\\", "/")]
    texts += [unquote(text, errors="surrogateescape") for text in texts]
    for text in texts:
        path = PurePosixPath(os.path.normpath(text.lstrip("/") or "."))
        if path not in seen:
            seen.add(path)
            yield path


def leads_out(path: PurePosixPath) -> bool:
    return path.parts[:1] == ("..",)


def choose(name: str, names: Iterable[str]) -> str | None:
    """Return the one of ``names`` that is the same but for case and stored accents, if any.

    One that differs only in how accents are stored is preferred. Raises PathProblem if several
    fit.
    """
    alike = sorted(names)
    composed = unicodedata.normalize("NFC", name)
    same = [each for each in alike if unicodedata.normalize("NFC", each) == composed]
    fitting = same or alike
    if len(fitting) > 1:
        raise PathProblem(
            _("Several files differ from this name only in case or accents: %(names)s.")
            % {"names": join_words(as_text(each) for each in fitting)}
        )
    return fitting[0] if fitting else None


class FolderFiles:
    """The files below a folder, found by the names that a manifest has for them.

    Each folder is listed once.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = real_path(root)
        self._listed: dict[Path, dict[str, list[str]]] = {}

    def find(self, name: str) -> Path:
        """Return the path of a file below the root. Raises PathProblem."""
        if PurePosixPath(name).is_absolute():
            path = Path(os.path.normpath(name))
            if path.is_relative_to(os.path.normpath(self.root)) and path.is_file():
                return self._inside(path)
        paths = list(variants(name))
        candidates = [path for path in paths if not leads_out(path)]
        found = self._first(candidates, self._exact) or self._first(candidates, self._alike)
        if found is not None:
            return self._inside(found)
        if candidates != paths or PurePosixPath(name).is_absolute() or _DRIVE.match(name):
            raise PathProblem(outside(self.root))
        raise PathProblem(_("File not found."))

    def _first(
        self, candidates: Sequence[PurePosixPath], find: Callable[[PurePosixPath], Path | None]
    ) -> Path | None:
        return next((found for path in candidates if (found := find(path)) is not None), None)

    def _exact(self, path: PurePosixPath) -> Path | None:
        full = self.root / path
        try:
            full.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise PathProblem(reason_of(error)) from error
        return full

    def _alike(self, path: PurePosixPath) -> Path | None:
        folder = self.root
        for part in path.parts:
            name = choose(part, self._list(folder).get(fold(part), []))
            if name is None:
                return None
            folder = folder / name
        return folder

    def _list(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._listed:
            names: dict[str, list[str]] = {}
            try:
                for name in os.listdir(folder):  # noqa: PTH208 - paths of many files are slow
                    names.setdefault(fold(name), []).append(name)
            except NotADirectoryError:
                pass
            except OSError as error:
                raise PathProblem(reason_of(error)) from error
            self._listed[folder] = names
        return self._listed[folder]

    def _inside(self, path: Path) -> Path:
        if not real_path(path).is_relative_to(self._real):
            raise PathProblem(outer_link())
        if path.is_dir():
            raise PathProblem(_("This is a folder, not a file."))
        return path


def outside(root: object) -> str:
    """Return the reason for which a path out of the root is refused."""
    return _("The file is outside the folder %(folder)s.") % {"folder": root}
