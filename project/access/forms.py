"""The form that makes a token."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from .models import Scope

#: Days that a token may be valid.
LIFETIMES = {
    "7": _("One week"),
    "30": _("One month"),
    "90": _("Three months"),
    "365": _("One year"),
}


class TokenForm(forms.Form):
    """Name, scopes and lifetime of a new token."""

    name = forms.CharField(
        max_length=100,
        label=_("Name"),
        help_text=_("The program or person that will use it, for example “Nightly import”."),
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        initial=[Scope.READ.value],
        label=_("Allowed requests"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one kind of request.")},
    )
    days = forms.ChoiceField(choices=list(LIFETIMES.items()), initial="90", label=_("Valid for"))

    def lifetime(self) -> timedelta:
        return timedelta(days=int(self.cleaned_data["days"]))
