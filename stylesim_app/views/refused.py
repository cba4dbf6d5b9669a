"""Pages for requests that were refused, which show what was typed and offer to send it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import FieldDoesNotExist, SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils.translation import gettext as _

from ..collection.adapter import adapter
from ..conf import conf
from .uploads import refuse, wants_json

TOKEN = "csrfmiddlewaretoken"  # noqa: S105  (the name of a field)
#: Values of more characters are shown in a box of several lines.
LINE = 100


@dataclass(frozen=True)
class SentField:
    """A field of the refused form, with a value that was typed or chosen."""

    name: str
    label: str
    value: str
    hidden: bool

    @property
    def is_long(self) -> bool:
        """True if the value needs several lines."""
        return len(self.value) > LINE or "\n" in self.value

    @property
    def is_box(self) -> bool:
        """True for a box that was ticked, as browsers send it."""
        return self.value == "on"


class NamesOnly(FileUploadHandler):
    """An upload handler that notes the names of the file fields and keeps no file."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        if field_name not in self.names:
            self.names.append(field_name)
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data  # pragma: no cover  (every file is skipped)

    def file_complete(self, file_size: int) -> None:
        return None


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or out of date; name it in CSRF_FAILURE_VIEW."""
    said = _(
        "The form was open for a long time, you have signed in or out since, or your browser "
        "blocks cookies. Nothing was saved."
    )
    if wants_json(request):
        return refuse(403, said, "csrf_failed")
    return refused(request, 403, said, title=_("This form is out of date"))


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what the caller may not do, such as a form after a right was lost; the handler403."""
    if wants_json(request):
        return refuse(403, _("You do not have permission to do this"), "not_allowed")
    said = _("Ask an administrator for permission, or sign in with another account.")
    return refused(request, 403, said, title=_("You do not have permission to do this"))


def refused(
    request: HttpRequest, status: int, reason: str, *, title: str = "", max_body: int = 0
) -> HttpResponse:
    """Return a page that says why, with the form as it was sent, but for files and passwords.

    With ``max_body``, the body is read only if it has at most so many bytes, and files are skipped.
    """
    fields, files, is_secret = _sent(request, max_body)
    context = {
        "title": title or _("Request refused"),
        "reason": reason,
        "fields": [] if is_secret else fields,
        "files": [] if is_secret else [(name, _label(name)) for name in files],
        "has_form": bool(fields or files or is_secret),
        "is_secret": is_secret,
        "address": request.get_full_path(),
    }
    return render(request, "stylesim_app/refused.html", context, status=status)


def _sent(request: HttpRequest, max_body: int) -> tuple[list[SentField], list[str], bool]:
    """Return the fields with text, the names of file fields, and whether a password was sent.

    Only of a form of this site: what another site sends is nothing that a person typed here.
    """
    if request.method != "POST" or not _is_own_form(request):
        return [], [], False
    try:
        if max_body:
            if int(request.META.get("CONTENT_LENGTH") or 0) > max_body:
                return [], [], False
            handler = NamesOnly()
            request.upload_handlers = [handler]
            sent, files = request.POST, handler.names
        else:
            sent, files = request.POST, list(request.FILES)
    except (AttributeError, MultiPartParserError, SuspiciousOperation, UnreadablePostError):
        # It was read already, or it cannot be read.
        return [], [], False
    is_secret = any("password" in name.lower() for name in sent)
    # Browsers send a choice of no file as an empty text.
    unchosen = [name for name in _file_fields() if sent.get(name) == ""]
    files += [name for name in unchosen if name not in files]
    fields = [
        SentField(name, _label(name), value, hidden=_is_internal(name))
        for name, values in sent.lists()
        if name != TOKEN and name not in files
        for value in values
    ]
    return fields, files, is_secret


def _is_own_form(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return bool(origin) and urlsplit(origin).netloc == request.get_host()


def _file_fields() -> set[str]:
    return {"image", conf.artwork_image_field}


def _is_internal(name: str) -> bool:
    """Return whether a field is one of those that the admin and its formsets hide."""
    return name.startswith("_") or name in ("next", "action", "index") or "-" in name


def _label(name: str) -> str:
    try:
        return adapter().label(name)
    except FieldDoesNotExist:
        return name.replace("_", " ").capitalize()
