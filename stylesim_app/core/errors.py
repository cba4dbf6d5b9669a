"""The errors of the core: each has a code and parameters, so that a caller can translate it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


def gettext_noop(message: str) -> str:
    """Mark a message for translators and return it unchanged; the core does not import Django."""
    return message


class CoreError(ValueError):
    """A problem with an argument or a file.

    Subclasses list their messages in ``MESSAGES``; ``code`` names one of them and ``params`` fills
    it in. The parameter ``cause`` chooses the message of a common cause from ``CAUSES``. The words
    of a library, ``reason``, are no part of a message. ``str(error)`` is the English sentence with
    those words, for logs.
    """

    MESSAGES: ClassVar[dict[str, str]] = {}
    CAUSES: ClassVar[dict[tuple[str, str], str]] = {}

    def __init__(self, code: str, **params: object) -> None:
        self.code = code
        self.params = params
        #: The English sentence alone.
        self.words = self.message_of(code, params) % params
        detail = detail_of(params)
        super().__init__(f"{self.words} ({detail})" if detail else self.words)

    @classmethod
    def message_of(cls, code: str, params: Mapping[str, Any]) -> str:
        """Return the message for a code, or for its cause if that has one."""
        return cls.CAUSES.get((code, str(params.get("cause", ""))), cls.MESSAGES[code])


def detail_of(params: Mapping[str, Any]) -> str:
    """Return the words of the library that failed, empty if there are none."""
    reason = str(params.get("reason", ""))
    return f"{params['kind']}: {reason}" if "kind" in params else reason


class ImageError(CoreError):
    """A file that cannot be used as an image. Retrying does not help."""

    MESSAGES: ClassVar[dict[str, str]] = {
        "image_empty": gettext_noop("The file is empty."),
        "image_too_many_bytes": gettext_noop(
            "The file is too large: %(megabytes).1f MB. The limit is %(limit).0f MB."
        ),
        "image_unknown_format": gettext_noop(
            "The file is not an image in one of these formats: %(formats)s."
        ),
        "image_too_many_pixels": gettext_noop(
            "The image is too large: %(width)d x %(height)d pixels. The limit is %(limit)s "
            "million pixels."
        ),
        "image_bomb": gettext_noop("The image has too many pixels to open safely."),
        "image_broken": gettext_noop("The image is damaged or incomplete and cannot be opened."),
        "image_decoder_died": gettext_noop(
            "The image cannot be opened: it stopped the program that decodes images."
        ),
        "image_too_slow": gettext_noop(
            "The image takes too long to open. The limit is %(limit)d seconds."
        ),
        "image_too_much_memory": gettext_noop("The image needs too much memory to open."),
    }
    CAUSES: ClassVar[dict[tuple[str, str], str]] = {
        ("image_broken", "cut_short"): gettext_noop(
            "The image is incomplete: a part of the file is missing. Copy or export it again."
        ),
        ("image_broken", "unsupported"): gettext_noop(
            "The image is stored in a way that cannot be read here. Save it as an ordinary JPEG, "
            "PNG or TIFF file."
        ),
    }


class WeightsError(CoreError):
    """Network weights that cannot be used."""

    MESSAGES: ClassVar[dict[str, str]] = {
        "weights_no_torch": gettext_noop(
            "PyTorch is not installed, so this process cannot index pictures. Install the "
            "worker packages: pip install 'django-stylesim[worker]'."
        ),
        "weights_missing": gettext_noop("Weights file not found: %(path)s."),
        "weights_suffix": gettext_noop(
            "Weights must be a .safetensors or .pth file, not %(path)s."
        ),
        "weights_unreadable": gettext_noop(
            "The weights file %(path)s cannot be read; it is incomplete or in another format."
        ),
        "weights_unsafe": gettext_noop(
            "The weights file %(path)s contains more than tensors and was refused, because "
            "loading it could run code."
        ),
        "weights_other_network": gettext_noop(
            "The weights file %(path)s is not a VGG19 with torchvision's layer names."
        ),
        "weights_not_finite": gettext_noop(
            "The weights file %(path)s contains NaN or infinite values."
        ),
        "weights_changed": gettext_noop(
            "The weights file shipped with the app, %(path)s, is damaged: its SHA-256 is "
            "%(actual)s, expected %(expected)s. Reinstall the package."
        ),
        "weights_no_network": gettext_noop(
            "The imagenet weights could not be downloaded. Without internet access, copy %(file)s "
            "to %(folder)s, give the path of a weights file, or use the paintings weights, which "
            "need no download."
        ),
    }


class DescriptorError(CoreError):
    """A stored descriptor that cannot be used."""

    MESSAGES: ClassVar[dict[str, str]] = {
        "descriptor_missing": gettext_noop("The descriptor file is missing from storage."),
        "descriptor_unreadable": gettext_noop("The descriptor file is damaged."),
        "descriptor_checksum": gettext_noop(
            "The file is damaged: its checksum has changed since it was stored."
        ),
        "descriptor_not_finite": gettext_noop("The descriptor contains NaN or infinite values."),
        "descriptor_provenance": gettext_noop(
            "Descriptors of different provenance cannot be compared (%(left)s, %(right)s)."
        ),
    }


class WeightingError(CoreError):
    """Weights of a query that do not define a distance."""

    MESSAGES: ClassVar[dict[str, str]] = {
        "weighting_preset": gettext_noop("Unknown preset “%(preset)s”. Choose one of %(presets)s."),
        "weighting_number": gettext_noop("%(name)s must be a finite number, not %(value)r."),
        "weighting_negative": gettext_noop("%(name)s must not be negative, but is %(value)s."),
        "weighting_large": gettext_noop("%(name)s must be at most %(limit)g, but is %(value)g."),
        "weighting_zero": gettext_noop("Style weight and content weight must not both be zero."),
        "weighting_layers_zero": gettext_noop("At least one layer weight must be above zero."),
        "weighting_layer_count": gettext_noop("Enter %(expected)d layer weights, not %(actual)d."),
        "weighting_calibration": gettext_noop(
            "The balanced preset needs a calibration, which is made once %(minimum)d works are "
            "indexed."
        ),
    }
