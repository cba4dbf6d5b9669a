"""Forms of the sets that people keep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from ..models import Selection
from ..selections.keeping import MAX_WORKS

if TYPE_CHECKING:
    BaseForm = forms.ModelForm[Selection]
else:
    BaseForm = forms.ModelForm


class SelectionForm(BaseForm):
    """The name of a set, and a note on it."""

    class Meta:
        model = Selection
        fields = ("name", "note")
        labels = {"name": _("Name"), "note": _("Note")}
        widgets = {"note": forms.Textarea(attrs={"rows": 3})}


class AddForm(forms.Form):
    """The set of a person that works are added to."""

    selection = forms.ModelChoiceField(Selection.objects.none(), label=_("Set"), empty_label=None)

    def __init__(self, user: Any, *args: Any) -> None:
        super().__init__(*args)
        choice: Any = self.fields["selection"]
        choice.queryset = Selection.objects.filter(owner=user)


class TableForm(forms.Form):
    """A table to make a set of."""

    table = forms.FileField(
        label=_("CSV or XLSX file"),
        help_text=_("For example one that was exported from a set."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.xlsx,.xlsm"}),
    )
    name = forms.CharField(
        label=_("Name of the set"),
        max_length=200,
        required=False,
        help_text=_("Leave empty to name it after the file."),
    )


def chosen_works(sent: QueryDict) -> Sequence[str]:
    """Return the keys of the works that a page sends: its checked boxes, and, as one text of JSON,
    those that a browser remembers from other pages."""
    keys: dict[str, None] = {}
    try:
        remembered = json.loads(sent.get("chosen") or "[]")
    except (ValueError, RecursionError):
        remembered = []
    if isinstance(remembered, list):
        keys |= dict.fromkeys(key for key in remembered if isinstance(key, str))
    keys |= dict.fromkeys(sent.getlist("works"))
    return list(keys)[:MAX_WORKS]
