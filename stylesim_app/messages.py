"""The core's error messages in the reader's language."""

from __future__ import annotations

import errno
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format, time_format
from django.utils.translation import get_language, gettext, gettext_noop, pgettext

from .core.errors import CoreError, detail_of
from .core.image_file import FIRST_FRAME, FIRST_PAGE, LAID_OVER_GREY, READ_WITH_ERRORS
from .core.same_picture.relation import Relation

#: The errors of systems that people meet, in the words of the C library.
SYSTEM_ERRORS = {
    errno.EACCES: gettext_noop("Permission denied"),
    errno.EPERM: gettext_noop("Operation not permitted"),
    errno.ENOENT: gettext_noop("No such file or directory"),
    errno.EISDIR: gettext_noop("Is a directory"),
    errno.ENOTDIR: gettext_noop("Not a directory"),
    errno.EEXIST: gettext_noop("File exists"),
    errno.EBUSY: gettext_noop("Device or resource busy"),
    errno.ENODEV: gettext_noop("No such device"),
    errno.ENXIO: gettext_noop("No such device or address"),
    errno.ENAMETOOLONG: gettext_noop("File name too long"),
    errno.EFBIG: gettext_noop("File too large"),
    errno.ELOOP: gettext_noop("Too many levels of symbolic links"),
    errno.EMFILE: gettext_noop("Too many open files"),
    errno.ENFILE: gettext_noop("Too many open files in system"),
    errno.ENOMEM: gettext_noop("Cannot allocate memory"),
    errno.EINVAL: gettext_noop("Invalid argument"),
    errno.EIO: gettext_noop("Input/output error"),
    errno.ENOSPC: gettext_noop("No space left on device"),
    errno.EDQUOT: gettext_noop("Disk quota exceeded"),
    errno.EROFS: gettext_noop("Read-only file system"),
    errno.ESTALE: gettext_noop("Stale file handle"),
    errno.ENOTCONN: gettext_noop("Transport endpoint is not connected"),
    errno.ETIMEDOUT: gettext_noop("Connection timed out"),
    errno.ECONNREFUSED: gettext_noop("Connection refused"),
    errno.ECONNRESET: gettext_noop("Connection reset by peer"),
    errno.EHOSTUNREACH: gettext_noop("No route to host"),
    errno.ENETUNREACH: gettext_noop("Network is unreachable"),
}

#: A turn of fewer degrees, and a share beyond, are not mentioned.
SMALL_TURN = 3
ALMOST_ALL = 0.95
#: A turn so near to a quarter of a circle is called a quarter.
NEARLY_SQUARE = 3


class WorkError(CoreError):
    """A failure in a worker that is not caused by the contents of the file."""

    MESSAGES = {
        "file_missing": gettext_noop("The image file is missing from storage (%(name)s)."),
        "worker_stopped": gettext_noop(
            "The worker stopped %(attempts)d times while indexing this image."
        ),
        "no_opencv": gettext_noop(
            "OpenCV is not installed. Install the worker packages: pip install "
            "'django-stylesim[worker]'."
        ),
        "unexpected": gettext_noop("An unexpected error occurred while indexing this image."),
    }
    CAUSES = {
        ("unexpected", "denied"): gettext_noop(
            "The image file cannot be read from storage: access is denied."
        ),
        ("unexpected", "unreadable"): gettext_noop("The image file cannot be read from storage."),
        ("unexpected", "unreachable"): gettext_noop(
            "The storage of the image file cannot be reached."
        ),
        ("unexpected", "memory"): gettext_noop(
            "The worker ran out of memory while indexing this image."
        ),
    }


#: Parameters that count millions, which are not counted in every language.
MILLIONS = {"image_too_many_pixels": "limit"}
#: Chinese counts ten thousands and hundred millions.
WAN, YI = 10**4, 10**8


def localize(error: CoreError) -> str:
    """Return an error of the core in the reader's language."""
    message = error.message_of(error.code, error.params)
    return gettext(message) % _localized(error.code, error.params)


def localize_for_staff(error: CoreError) -> str:
    """Return an error of the core in the reader's language, and the words of the library."""
    return with_detail(localize(error), detail_of(error.params))


def with_detail(reason: str, detail: str) -> str:
    """Return a reason, followed by the words of a library where there are any."""
    if not detail:
        return reason
    return "\n".join([reason, gettext("Technical detail: %(detail)s") % {"detail": detail}])


def system_reason(error: BaseException) -> str:
    """Return why the system refused, in the reader's language; empty if it did not say so."""
    number = error.errno if isinstance(error, OSError) else None
    if number is None:
        return ""
    known = SYSTEM_ERRORS.get(number)
    return gettext(known) if known else errno.errorcode.get(number, str(number))


def technical_detail(error: BaseException) -> str:
    """Return the words of a library for an error, empty where it has those of the app alone."""
    if isinstance(error, CoreError):
        return detail_of(error.params)
    return f"{type(error).__name__}: {error}"


def _localized(code: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    name = MILLIONS.get(code, "")
    if name in params and _is_chinese():
        return {**params, name: whole_number(round(params[name] * 10**6))}
    return params


def whole_number(number: int) -> str:
    """Return a whole number in the reader's notation: 1,200,000; in Chinese 120 万."""
    for unit, word in ((YI, "亿"), (WAN, "万")) if _is_chinese() else ():
        # Only a round number is easier to read so.
        if number >= unit and 100 * number % unit == 0:
            return f"{number_format(round(number / unit, 2)).rstrip('0').rstrip('.')} {word}"
    return number_format(number, force_grouping=True)


def join_words(words: Iterable[str]) -> str:
    """Return a list of words in one line, with the comma of the reader's language."""
    return pgettext("between the words of a list", ", ").join(words)


def share(percent: float) -> str:
    """Return a percentage with one decimal, rounded down, so that 100 means every pair."""
    return number_format(math.floor(percent * 10) / 10, decimal_pos=1)


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def translate_error(code: str, params: Mapping[str, Any], english: str) -> str:
    """Return a stored error in the reader's language; an unknown code keeps the English text."""
    for kind in (*CoreError.__subclasses__(),):
        if code in kind.MESSAGES:
            return gettext(kind.message_of(code, params)) % _localized(code, params)
    return english


#: Notes on how a picture was read, by code.
NOTES = {
    FIRST_FRAME: gettext_noop("This is an animated image; only its first frame is used."),
    FIRST_PAGE: gettext_noop("This file has several pages; only the first is used."),
    READ_WITH_ERRORS: gettext_noop(
        "The file was read with errors: it is damaged, and parts of the image may be missing."
    ),
    LAID_OVER_GREY: gettext_noop(
        "The image is white on a transparent background, so it was laid over grey."
    ),
}


#: Notes that visitors may read as well.
PUBLIC_NOTES = (FIRST_FRAME, FIRST_PAGE)


def translate_notes(codes: Iterable[str], *, for_staff: bool = True) -> str:
    """Return the notes on how a picture was read in the reader's language, empty for most."""
    told = [code for code in codes if for_staff or code in PUBLIC_NOTES]
    return " ".join(gettext(NOTES[code]) if code in NOTES else code for code in told)


def surroundings_words(kind: str) -> str:
    """Return in words what was left out round a work; empty if nothing was."""
    words = {
        "ground": gettext("A uniform border is left out of the comparison."),
        "chart": gettext("A colour chart or ruler is left out of the comparison."),
        "ground_and_chart": gettext(
            "A uniform border and a colour chart or ruler are left out of the comparison."
        ),
        "chosen": gettext("Only the chosen part of this picture is compared."),
    }
    return words.get(kind, "")


def closer_words(percent: float) -> str:
    """Return in words which percentage of random pairs is farther apart than a result."""
    if percent >= 100:
        return gettext("Closer than all random pairs")
    return gettext("Closer than %(share)s%% of pairs") % {"share": share(percent)}


def rarity_words(unusual: float, pairs: int) -> str:
    """Return ``closer_words`` for the share of a number of random pairs that is as close."""
    as_close = round(unusual * (pairs + 1)) - 1
    return closer_words(100 * (pairs - as_close) / pairs)


def waits_again_words(due_at: datetime) -> str:
    """Return in words that a picture waits again, because the worker that had it is gone."""
    words = gettext(
        "The worker that had this picture has stopped. The picture is waiting again: another "
        "worker can take it up at %(time)s."
    )
    return words % {"time": time_format(timezone.localtime(due_at))}


def relation_words(relation: Relation | None) -> str:
    """Return in words how a work shows the picture: "mirrored, turned 90° clockwise"."""
    if relation is None:
        return gettext("the same file")
    words = _turn_words(
        relation,
        gettext("turned %(degrees)d° clockwise"),
        gettext("turned %(degrees)d° counterclockwise"),
    )
    if relation.query_covered < ALMOST_ALL:
        words.append(
            gettext("shows %(share)d%% of this picture") % {"share": 100 * relation.query_covered}
        )
    if relation.covered < ALMOST_ALL:
        words.append(gettext("extends beyond this picture"))
    return join_words(words) or gettext("shows all of this picture")


def pair_words(relation: Relation | None) -> str:
    """Return in words how two works side by side show the same; the left one is the query."""
    if relation is None:
        return gettext("the same file")
    words = _turn_words(
        relation,
        gettext("the right work is turned %(degrees)d° clockwise"),
        gettext("the right work is turned %(degrees)d° counterclockwise"),
    )
    left, right = 100 * relation.covered, 100 * relation.query_covered
    if relation.query_covered < ALMOST_ALL:
        words.append(gettext("the right work shows %(share)d%% of the left one") % {"share": right})
    if relation.covered < ALMOST_ALL:
        words.append(gettext("the left work shows %(share)d%% of the right one") % {"share": left})
    return join_words(words) or gettext("each shows all of the other")


def _turn_words(relation: Relation, clockwise: str, counterclockwise: str) -> list[str]:
    """Return in words whether a work is mirrored and turned."""
    words = [gettext("mirrored")] if relation.mirrored else []
    turned = _round_turn(relation.turned)
    if abs(turned) == 180:
        words.append(gettext("turned upside down"))
    elif abs(turned) >= SMALL_TURN:
        words.append((clockwise if turned > 0 else counterclockwise) % {"degrees": abs(turned)})
    return words


def _round_turn(degrees: float) -> int:
    nearest = 90 * round(degrees / 90)
    return int(nearest if abs(degrees - nearest) <= NEARLY_SQUARE else round(degrees))
