"""Uploads: one file or many, each saved by itself, so that no failure loses the others."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ..collection import visibility
from ..collection.adapter import adapter
from ..conf import conf
from ..exceptions import StorageUnavailable
from ..work import known_files, repeatable, trash
from .forms import artwork_upload_form
from .upload_words import limits, words

ANYWAY = "add_anyway"
#: The key under which a browser repeats a request whose answer it did not get.
KEY = "Idempotency-Key"
LONGEST_KEY = 255


@dataclass(frozen=True)
class Outcome:
    """The result for one file: an artwork that was added, or one that has the file already.

    Neither is set for a file that was refused; the form then has the reasons.
    """

    name: str
    form: ModelForm[Any]
    added: Any = None
    known: Any = None

    @property
    def reasons(self) -> list[str]:
        """The reasons for which the file was refused."""
        return [str(reason) for reasons in self.form.errors.values() for reason in reasons]


@dataclass(frozen=True)
class UploadPage:
    """A page on which files are uploaded: its template, and the URLs that it links to.

    ``added`` is called with each new artwork, in the transaction that saves it.
    """

    template: str
    list_address: str
    address: Callable[[Any], str]
    added: Callable[[Any], None] = lambda _artwork: None
    context: Mapping[str, Any] = field(default_factory=dict)

    def respond(self, request: HttpRequest) -> HttpResponse:
        """Show the form, or save what was sent; with JSON for a script that asks for it."""
        if request.method != "POST":
            return self._show(request, artwork_upload_form()())
        uploads = request.FILES.getlist(conf.artwork_image_field)
        if wants_json(request):
            return self._respond_to_script(request, uploads)
        if len(uploads) > 1:
            outcomes = [self.add(request, upload, by_name=True) for upload in uploads]
            # The facts were the same for all, and are shown again.
            return self._show(request, outcomes[0].form, outcomes)
        outcome = self.add(request, uploads[0] if uploads else None)
        if outcome.added is not None:
            return redirect(self.address(outcome.added))
        return self._show(request, outcome.form, known=outcome.known)

    def add(
        self, request: HttpRequest, upload: UploadedFile[Any] | None, *, by_name: bool = False
    ) -> Outcome:
        """Save one file as an artwork unless it is refused or known.

        With ``by_name``, as one of several, its title is the name of the file, and it has no
        accession number, which would be that of all.
        """
        data = request.POST.copy()
        title, number = adapter().field("title"), adapter().field("accession_number")
        name = str(upload.name) if upload is not None else ""
        if by_name and title is not None:
            longest = getattr(adapter().model._meta.get_field(title), "max_length", None)
            data[title] = title_of_file(name)[:longest]
        if by_name and number is not None:
            data.pop(number, None)
        files: MultiValueDict[str, UploadedFile[Any]] = MultiValueDict()
        if upload is not None:
            files[conf.artwork_image_field] = upload
        form = artwork_upload_form()(data, files)
        if upload is None or not form.is_valid():
            return Outcome(name, form)

        def save() -> Any:
            artwork = form.save()
            self.added(artwork)
            return artwork

        added, known = known_files.add_unless_known(
            upload,
            save,
            visibility.visible_artworks(request),
            anyway=ANYWAY in data,
            in_trash=trash.works_known_to(request),
        )
        return Outcome(name, form, added, known)

    def _show(
        self,
        request: HttpRequest,
        form: ModelForm[Any],
        outcomes: list[Outcome] | None = None,
        known: Any = None,
    ) -> HttpResponse:
        context = {
            **self.context,
            "form": form,
            "image_field": conf.artwork_image_field,
            "title_field": adapter().field("title"),
            "number_field": adapter().field("accession_number"),
            "known": known,
            "known_address": self._address_of(request, known),
            "known_in_trash": _is_in_trash(known),
            "outcomes": [self._describe(request, each) for each in outcomes or ()],
            "counts": _count(outcomes or []),
            "limits": limits(),
            "words": json.dumps(words(), ensure_ascii=False),
            "list_address": self.list_address,
        }
        return render(request, self.template, context)

    def _respond_to_script(
        self, request: HttpRequest, uploads: list[UploadedFile[Any]]
    ) -> HttpResponse:
        if len(uploads) > 1:
            return refuse(400, _("Send each file in a request of its own."), "one_file")
        upload = uploads[0] if uploads else None
        by_name = "title_from_file" in request.POST
        try:
            return _answer_once(
                request,
                upload,
                lambda: self._describe(request, self.add(request, upload, by_name=by_name)),
            )
        except StorageUnavailable:
            reason = _("This site cannot store pictures at the moment. Please try again later.")
            return refuse(503, reason, "storage_unavailable")

    def _address_of(self, request: HttpRequest, artwork: Any) -> str:
        """Return the address of an artwork; in the trash, only staff have one."""
        if artwork is None:
            return ""
        if not _is_in_trash(artwork):
            return self.address(artwork)
        return trash_address(artwork) if getattr(request.user, "is_staff", False) else ""

    def _describe(self, request: HttpRequest, outcome: Outcome) -> dict[str, Any]:
        """Return an outcome as a script and a template read it."""
        found = outcome.added if outcome.added is not None else outcome.known
        if found is None:
            errors = {name: list(map(str, each)) for name, each in outcome.form.errors.items()}
            facts: dict[str, Any] = {"state": "refused", "errors": errors}
        else:
            state = "added" if outcome.added is not None else "known"
            facts = {
                "state": state,
                "title": adapter().title(found),
                "address": self._address_of(request, found),
                "in_trash": _is_in_trash(found),
            }
        return {"name": outcome.name, "reasons": outcome.reasons, **facts}


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """Add one artwork, whose page then waits for the worker, or one for each of many files."""
    if not request.user.is_authenticated:
        if wants_json(request):
            return refuse(401, _("You are signed out."), "signed_out")
        return redirect_to_login(request.get_full_path())
    if not visibility.may(request.user, "add"):
        if wants_json(request):
            return refuse(403, _("You do not have permission to upload works."), "not_allowed")
        raise PermissionDenied
    page = UploadPage(
        "stylesim_app/upload.html",
        reverse("stylesim:gallery"),
        lambda artwork: reverse("stylesim:artwork", args=[artwork.pk]),
    )
    return page.respond(request)


def title_of_file(name: str) -> str:
    """Return the title of a work for which there is only the name of its file."""
    return unicodedata.normalize("NFC", PurePath(name).stem).strip()


def wants_json(request: HttpRequest) -> bool:
    """Return whether a script of a page sent the request, and reads JSON."""
    return "application/json" in request.headers.get("Accept", "")


def refuse(status: int, reason: str, code: str, wait: int | None = None) -> JsonResponse:
    """Return the refusal of a request as a script reads it."""
    headers = {} if wait is None else {"Retry-After": str(wait)}
    return JsonResponse({"reason": reason, "code": code}, status=status, headers=headers)


def trash_address(artwork: Any) -> str:
    """Return the address of an artwork in the trash of the admin; empty where there is none."""
    options = artwork._meta
    try:
        address = reverse(f"admin:{options.app_label}_{options.model_name}_trash")
    except NoReverseMatch:
        return ""
    return f"{address}?work={artwork.pk}"


def _is_in_trash(artwork: Any) -> bool:
    return getattr(artwork, "trashed_at", None) is not None


def _count(outcomes: list[Outcome]) -> dict[str, int]:
    added = sum(each.added is not None for each in outcomes)
    known = sum(each.added is None and each.known is not None for each in outcomes)
    return {"added": added, "known": known, "refused": len(outcomes) - added - known}


def _answer_once(
    request: HttpRequest, upload: UploadedFile[Any] | None, act: Callable[[], dict[str, Any]]
) -> HttpResponse:
    """Return the answer of ``act``; a request that is repeated under its key adds no second work,
    and gets the first answer again."""
    key = request.headers.get(KEY, "")
    if not key or len(key) > LONGEST_KEY:
        return JsonResponse(act())
    try:
        begun = repeatable.begin(request.user, "upload", key, _fingerprint(request, upload))
        if isinstance(begun, repeatable.Answer):
            return HttpResponse(begun.body, content_type="application/json")
        return _carry_out(begun, act)
    except repeatable.KeyReused:
        return refuse(422, _("This request was sent before with other values."), "key_reused")
    except repeatable.UnderWay:
        return refuse(409, _("This file is being saved."), "under_way", wait=1)


def _carry_out(attempt: repeatable.Attempt, act: Callable[[], dict[str, Any]]) -> HttpResponse:
    try:
        with transaction.atomic():
            answer = act()
            response = JsonResponse(answer)
            if answer["state"] == "added":
                attempt.finish(repeatable.Answer(200, {}, response.content.decode()))
    except BaseException:
        attempt.give_up()
        raise
    if answer["state"] != "added":
        # It changed nothing, and may be sent again.
        attempt.give_up()
    return response


def _fingerprint(request: HttpRequest, upload: UploadedFile[Any] | None) -> str:
    """Return a hash of the fields and the file, without the token, which may be renewed."""
    fields = sorted(
        (name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"
    )
    sent = [fields, known_files.digest(upload) if upload is not None else ""]
    return hashlib.sha256(json.dumps(sent).encode()).hexdigest()
