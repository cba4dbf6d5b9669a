"""One change of facts for all chosen works: a form, what it would change, and the change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..collection.adapter import adapter

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = object

#: Facts that many works may share.
FACTS = (
    "artist",
    "year",
    "medium",
    "dimensions",
    "collection",
    "exhibition",
    "rights",
    "is_public",
)
#: Works of one edit, and those that the confirmation names.
MAX_WORKS = 2000
MAX_NAMED = 50

_SET = "set_"
_STEPS = {"shown", "confirmed", "back"}


@dataclass(frozen=True)
class Row:
    """A fact on the form: its tick, and its field."""

    tick: forms.BoundField
    field: forms.BoundField


class BulkEditForm(forms.Form):
    """The facts of chosen works, each of which counts only if it is ticked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names: list[str] = []
        model = adapter().model
        for fact in FACTS:
            name = adapter().field(fact)
            model_field: Any = None if name is None else model._meta.get_field(name)
            field: Any = None if model_field is None else model_field.formfield()
            # A relation is chosen in its own form of the host.
            if field is None or model_field.is_relation or not model_field.editable:
                continue
            if isinstance(model_field, models.BooleanField):
                field = forms.TypedChoiceField(
                    label=field.label,
                    choices=[("yes", _("Yes")), ("no", _("No"))],
                    coerce=lambda value: value == "yes",
                )
            may_be_empty = not field.required
            field.required = False
            field.may_be_empty = may_be_empty
            # The visible label belongs to the tick.
            field.widget.attrs["aria-label"] = adapter().label(str(name))
            self.fields[f"{_SET}{name}"] = forms.BooleanField(
                required=False, label=adapter().label(str(name))
            )
            self.fields[str(name)] = field
            self.names.append(str(name))

    def rows(self) -> list[Row]:
        """Return the facts in their order."""
        return [Row(self[f"{_SET}{name}"], self[name]) for name in self.names]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(f"{_SET}{name}") for name in self.names):
            raise ValidationError(_("Tick at least one fact to change."))
        for name in self.names:
            field: Any = self.fields[name]
            is_empty = cleaned.get(name) in (None, "")
            if cleaned.get(f"{_SET}{name}") and is_empty and not field.may_be_empty:
                self.add_error(name, field.error_messages["required"])
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return the ticked facts of a valid form with their values."""
        cleaned = self.cleaned_data
        return {name: cleaned[name] for name in self.names if cleaned[f"{_SET}{name}"]}


def differing(artworks: Sequence[Any], changes: dict[str, Any]) -> list[Any]:
    """Return the artworks that have another value in one of the facts."""
    return [
        artwork
        for artwork in artworks
        if any(getattr(artwork, name) != value for name, value in changes.items())
    ]


def apply(artworks: Sequence[Any], changes: dict[str, Any]) -> int:
    """Set facts on artworks, all or none, and return the number of those that changed.

    Each is saved by itself, so that the year's number follows, the search finds the new words, and
    the audit trail has an entry. Raises ValidationError for a value that one cannot have.
    """
    changed = differing(artworks, changes)
    with transaction.atomic():
        for artwork in changed:
            for name, value in changes.items():
                setattr(artwork, name, value)
            others = {field.name for field in artwork._meta.fields}.difference(changes)
            artwork.clean_fields(exclude=others)
            artwork.save(update_fields=[*changes, *_automatic(artwork)])
    return len(changed)


def _automatic(artwork: Any) -> list[str]:
    """Return the fields with the time of the last change."""
    fields = artwork._meta.concrete_fields
    return [field.name for field in fields if getattr(field, "auto_now", False)]


class BulkEditMixin(BaseAdmin):
    """The action that sets facts on chosen works, once they are confirmed."""

    @admin.action(description=_("Edit facts of selected works"), permissions=["change"])
    def edit_facts(self, request: HttpRequest, artworks: QuerySet[Any]) -> HttpResponse | None:
        """Show the form, then what would change, and then change it."""
        works = list(artworks[: MAX_WORKS + 1])
        if len(works) > MAX_WORKS:
            said = gettext("Choose at most %(limit)d works.") % {"limit": MAX_WORKS}
            self.message_user(request, said, messages.ERROR)
            return None
        works = [each for each in works if self.has_change_permission(request, each)]
        sent = request.POST if _STEPS & set(request.POST) else None
        form = BulkEditForm(sent)
        confirming = sent is not None and "back" not in sent and form.is_valid()
        if confirming and "confirmed" in request.POST:
            try:
                count = apply(works, form.changes())
            except ValidationError as error:
                form.add_error(None, error.messages)
                confirming = False
            else:
                said = ngettext(
                    "%(count)d work was changed.", "%(count)d works were changed.", count
                )
                self.message_user(request, said % {"count": count}, messages.SUCCESS)
                return None
        changes = form.changes() if confirming else {}
        changed = differing(works, changes)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Edit facts of selected works"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "confirming": confirming,
            "keys": [work.pk for work in works],
            "works": changed if confirming else works,
            "named": changed[:MAX_NAMED],
            "more": max(0, len(changed) - MAX_NAMED),
            "said": [(adapter().label(name), _in_words(value)) for name, value in changes.items()],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/stylesim_app/bulk_edit.html", context)


def _in_words(value: Any) -> Any:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return "" if value is None else value
