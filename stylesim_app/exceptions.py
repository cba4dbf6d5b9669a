"""Expected failures of the app; entry points turn them into a message, never into a traceback."""

from __future__ import annotations


class StylesimError(Exception):
    """Something the caller can be told in words."""


class NotIndexed(StylesimError):
    """The query has no descriptor to compare yet; ``state`` says why."""

    def __init__(self, state: str, message: str) -> None:
        self.state = state
        super().__init__(message)


class StorageMissing(NotIndexed):
    """The private storage is not there: a disk that is not mounted, a bucket that is gone."""


class ImportFailed(StylesimError):
    """A folder or manifest that cannot be imported at all."""
