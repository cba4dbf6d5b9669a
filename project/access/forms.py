"""The form that makes a token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Scope
from .origins import parse_origin

#: Days that a token may be valid.
LIFETIMES = {
    "7": _("One week"),
    "30": _("One month"),
    "90": _("Three months"),
    "365": _("One year"),
}


NEVER = "never"
PROGRAM, PUBLIC = "program", "public"
#: Sites that one public token may name.
MOST_ORIGINS = 20


class TokenForm(forms.Form):
    """Name, use, scopes and lifetime of a new token."""

    name = forms.CharField(
        max_length=100,
        label=_("Name"),
        help_text=_("The program or person that will use it, for example “Nightly import”."),
    )
    kind = forms.ChoiceField(
        choices=[(PROGRAM, _("A program")), (PUBLIC, _("Public web pages"))],
        initial=PROGRAM,
        required=False,
        label=_("Used by"),
        widget=forms.RadioSelect,
    )
    scopes = forms.MultipleChoiceField(
        # No page or endpoint records verdicts yet.
        choices=[choice for choice in Scope.choices if choice[0] != Scope.REVIEW],
        initial=[Scope.READ.value],
        required=False,
        label=_("Allowed requests"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of request.")},
    )
    origins = forms.CharField(
        required=False,
        max_length=4000,
        label=_("Web sites that may use it"),
        help_text=_(
            "One address a line, such as https://www.example.org. Their pages may then read the "
            "API. Leave it empty for any site that the settings allow."
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    days = forms.ChoiceField(
        choices=[*LIFETIMES.items(), (NEVER, _("Until it is revoked (only for web pages)"))],
        initial="90",
        label=_("Valid for"),
    )

    def clean_origins(self) -> list[str]:
        """Return the origins of the addresses, each once."""
        lines = self.cleaned_data["origins"].split()
        if len(lines) > MOST_ORIGINS:
            raise forms.ValidationError(
                _("Enter at most %(limit)d web sites."), params={"limit": MOST_ORIGINS}
            )
        return list(dict.fromkeys(parse_origin(line) for line in lines))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.is_public():
            if not cleaned.get("scopes") and "scopes" not in self.errors:
                self.add_error("scopes", _("Choose at least one."))
            if cleaned.get("days") == NEVER:
                self.add_error("days", _("A token of a program must expire. Choose a time."))
        return cleaned

    def is_public(self) -> bool:
        """Return whether the token is for web pages, where everybody can read it."""
        return self.cleaned_data.get("kind") == PUBLIC

    def lifetime(self) -> timedelta | None:
        """Return the time for which the token is valid, or None until it is revoked."""
        days = self.cleaned_data["days"]
        return None if days == NEVER else timedelta(days=int(days))
