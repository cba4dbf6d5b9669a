"""Expected failures of the app; entry points turn them into messages, never into tracebacks."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .messages import system_reason, technical_detail


class StylesimError(Exception):
    """A failure with an explanation for the caller."""


class NotIndexed(StylesimError):
    """A query without a descriptor to compare; ``state`` is its index state."""

    def __init__(self, state: str, message: str) -> None:
        self.state = state
        super().__init__(message)


class NotPrepared(NotIndexed):
    """A query that is indexed, but that a lane cannot compare yet."""


class StorageUnavailable(NotIndexed):
    """The private storage cannot be used now, which is the fault of no artwork.

    ``code`` names the problem, ``reason`` holds the words of the storage, and ``size`` counts the
    bytes that did not fit.
    """

    code = "unreachable"

    def __init__(self, message: str, reason: str = "", size: int = 0) -> None:
        self.reason = reason
        self.size = size
        super().__init__("failed", message)


class StorageMissing(StorageUnavailable):
    """The private storage lacks its marker: an unmounted disk, or a deleted bucket."""

    code = "missing"


class StorageForeign(StorageMissing):
    """The private storage carries the marker of another installation."""

    code = "foreign"


class StorageFull(StorageUnavailable):
    """No space is left in the private storage, or in the database."""

    code = "full"

    def __init__(self, error: BaseException, size: int = 0) -> None:
        message = _("The storage is full. Indexing resumes once there is space.")
        if reason := system_reason(error):
            message = _("The storage is full (%(reason)s). Indexing resumes once there is space.")
            message %= {"reason": reason}
        super().__init__(message, technical_detail(error), size)


class StorageUnreachable(StorageUnavailable):
    """The private storage answers with an error, other than that a file is missing."""

    def __init__(self, error: BaseException) -> None:
        message = _("The storage cannot be used at the moment.")
        if reason := system_reason(error):
            message = _("The storage cannot be used at the moment (%(reason)s).")
            message %= {"reason": reason}
        super().__init__(message, technical_detail(error))


class ImportFailed(StylesimError):
    """A folder or manifest that cannot be imported at all."""


class EvaluationFailed(StylesimError):
    """Pictures that cannot be evaluated at all."""
