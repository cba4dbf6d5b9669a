"""Model and form fields that validate artworks before anything is stored."""

from __future__ import annotations

from functools import cache
from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext_lazy as _

from ..conf import conf
from ..core.errors import ImageError
from ..core.images import FORMATS, ImageFacts, Limits, read_header
from ..messages import localize
from .validators import validate_object

#: For the chooser of the browser, which does not know every ending as a picture's.
ACCEPTED = ",".join(["image/*", *(f".{each}" for endings in FORMATS.values() for each in endings)])


def image_limits() -> Limits:
    """Return the limits from the settings."""
    return Limits(max_bytes=int(conf.max_upload_mb * 1e6), max_pixels=conf.max_pixels)


def several_files(count: int) -> ValidationError:
    """Return the refusal of several files where one is expected."""
    return ValidationError(
        _("Choose one picture only; %(count)d were sent."),
        code="several_files",
        params={"count": count},
    )


def check_upload(upload: File[Any]) -> ImageFacts:
    """Check an uploaded file by its header, and correct its extension to match its format.

    No pixel is decoded: a worker reports what is wrong beyond the header. Raises ValidationError
    with the reason.
    """
    limits = image_limits()
    try:
        facts = read_header(upload, upload.size or 0, limits)
    except ImageError as error:
        raise ValidationError(localize(error), code=error.code) from error
    upload.seek(0)
    name = PurePath(upload.name or "image")
    if name.suffix.lower().lstrip(".") not in FORMATS[facts.format]:
        upload.name = f"{name.stem}.{facts.extension}"
    return facts


class _OneFile:
    """A part of a widget that notices several files where one is expected."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        sent = files.getlist(name) if hasattr(files, "getlist") else []
        if len(sent) > 1:
            return sent
        return super().value_from_datadict(data, files, name)  # type: ignore[misc]


@cache
def _taking_one(widget: type[forms.Widget]) -> type[forms.Widget]:
    return type(widget.__name__, (_OneFile, widget), {"__module__": widget.__module__})


class CheckedImageFormField(forms.FileField):
    """A file field that accepts one image within the limits, in the accepted formats."""

    def __init__(self, **kwargs: Any) -> None:
        widget: Any = kwargs.pop("widget", None) or self.widget
        if isinstance(widget, type):
            widget = _taking_one(widget)
        # check_upload reports empty files with the message that all uploads share.
        super().__init__(**{**kwargs, "allow_empty_file": True, "widget": widget})

    def clean(self, data: Any, initial: Any = None) -> Any:
        if isinstance(data, list):
            raise several_files(len(data))
        return super().clean(data, initial)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "accept": ACCEPTED}

    def to_python(self, data: Any) -> Any:
        upload = super().to_python(data)
        if upload is not None:
            check_upload(upload)
        return upload


class CheckedImageField(models.ImageField):
    """An image field whose forms explain why a file is refused."""

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": CheckedImageFormField, **kwargs})


class ObjectFormField(forms.JSONField):
    """A JSON object as text; an empty text is an empty object."""

    default_validators = [validate_object]
    # Django counts an empty list as an empty value, and would skip the validators.
    empty_values = [None, ""]

    def to_python(self, value: Any) -> Any:
        try:
            parsed = super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return {} if parsed is None else parsed

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return the input as written: it may be invalid JSON, or JSON that cannot be shown."""
        return initial if self.disabled or data is None else InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        text = super().prepare_value(value)
        # JSON can hold half a surrogate pair, which a page cannot; it is escaped as in JSON.
        return type(text)(text.encode(errors="backslashreplace").decode())


class ObjectField(models.JSONField):
    """A JSON object; see ``validate_object``."""

    default_validators = [validate_object]
    empty_values = [{}]

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": ObjectFormField, **kwargs})
