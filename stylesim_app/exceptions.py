"""Expected failures of the app; entry points turn them into messages, never into tracebacks."""

from __future__ import annotations


class StylesimError(Exception):
    """A failure with an explanation for the caller."""


class NotIndexed(StylesimError):
    """A query without a descriptor to compare; ``state`` is its index state."""

    def __init__(self, state: str, message: str) -> None:
        self.state = state
        super().__init__(message)


class NotPrepared(NotIndexed):
    """A query that is indexed, but that a lane cannot compare yet."""


class StorageMissing(NotIndexed):
    """The private storage is missing: an unmounted disk, or a deleted bucket."""


class ImportFailed(StylesimError):
    """A folder or manifest that cannot be imported at all."""


class EvaluationFailed(StylesimError):
    """Pictures that cannot be evaluated at all."""
