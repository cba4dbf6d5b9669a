"""The choice of the part of a picture that is compared."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..core.boxes import WHOLE, Box, check_box
from ..core.surroundings import LEAST_INSIDE
from ..models import IndexEntry

#: The least share of either side, as for surroundings that are found.
LEAST = LEAST_INSIDE
AUTOMATIC, NONE, CHOSEN = "automatic", "none", "chosen"


class SurroundingsForm(forms.Form):
    """Automatic, the complete picture, or a box of four numbers in shares of the picture."""

    choice = forms.ChoiceField(
        label=_("Part of the picture that is compared"),
        choices=(
            (AUTOMATIC, _("The picture area that is found")),
            (NONE, _("The full image")),
            (CHOSEN, _("The box that is drawn, in shares of the image from 0 to 1:")),
        ),
        widget=forms.RadioSelect,
    )
    left = forms.FloatField(label=_("Left edge"), min_value=0, max_value=1, required=False)
    top = forms.FloatField(label=_("Top edge"), min_value=0, max_value=1, required=False)
    width = forms.FloatField(label=_("Width"), min_value=LEAST, max_value=1, required=False)
    height = forms.FloatField(label=_("Height"), min_value=LEAST, max_value=1, required=False)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("choice") == CHOSEN:
            try:
                check_box(Box(*(values[name] for name in Box._fields)))
            except (KeyError, TypeError, ValueError) as error:
                raise forms.ValidationError(
                    _("Enter a box within the picture: four numbers from 0 to 1.")
                ) from error
        return values

    def chosen_box(self) -> list[float] | None:
        """Return what is stored on the entry."""
        values = self.cleaned_data
        if values["choice"] == AUTOMATIC:
            return None
        if values["choice"] == NONE:
            return list(WHOLE)
        return [values[name] for name in Box._fields]


def found_box(entry: IndexEntry) -> Box | None:
    """Return the box that was found, WHOLE if nothing was cut; None if it is not known."""
    if entry.chosen_box is not None or not entry.indexed_at:
        return None
    return entry.work_box or WHOLE


def initial(entry: IndexEntry) -> dict[str, Any]:
    """Return the choice that is in force, with the box that was last compared."""
    box = [round(share, 4) for share in entry.chosen_box or entry.cut_box or WHOLE]
    choice = AUTOMATIC
    if entry.chosen_box is not None:
        choice = NONE if Box(*entry.chosen_box) == WHOLE else CHOSEN
    return {"choice": choice, **dict(zip(Box._fields, box, strict=True))}
