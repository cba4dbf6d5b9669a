"""Forms: what to rank by, in one place for pages, admin and API; and uploads."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .conf import conf
from .core.descriptors import STYLE_LAYERS
from .core.distances import DEFAULT_PRESET, EQUAL_LAYER_WEIGHTS, PRESETS
from .core.errors import WeightingError
from .fields import CheckedImageFormField
from .messages import localize
from .services.search import RankingOptions

PRESET_LABELS = {
    "paper": _("Style, with some content"),
    "style": _("Style alone"),
    "content": _("Content alone"),
    "balanced": _("Style and content alike"),
}
DEFAULT_LIMIT = 10


class LayerWeightsField(forms.CharField):
    """Five numbers, separated by commas."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return EQUAL_LAYER_WEIGHTS
        try:
            return tuple(float(part) for part in text.split(","))
        except ValueError as error:
            raise ValidationError(
                _("Give %(count)d numbers, separated by commas."),
                params={"count": len(STYLE_LAYERS)},
            ) from error


class RankingForm(forms.Form):
    """Weights, number and kind of results; ``options()`` of a valid form says it to the search.

    Every field may be absent, and has then its default.
    """

    preset = forms.CharField(
        required=False,
        label=_("Alike in"),
        widget=forms.RadioSelect(choices=[(name, PRESET_LABELS[name]) for name in PRESETS]),
    )
    style_weight = forms.FloatField(required=False, label=_("Style weight"))
    content_weight = forms.FloatField(required=False, label=_("Content weight"))
    layer_weights = LayerWeightsField(required=False, label=_("Layer weights"))
    limit = forms.IntegerField(required=False, min_value=1, label=_("Number of works"))
    exclude_same_artist = forms.BooleanField(
        required=False, label=_("Leave out works by the same artist")
    )

    def clean_limit(self) -> int:
        limit: int = self.cleaned_data["limit"] or DEFAULT_LIMIT
        if limit > conf.max_results:
            raise ValidationError(
                _("At most %(limit)d works can be asked for at once."),
                params={"limit": conf.max_results},
            )
        return limit

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.options().weighting()
            except WeightingError as error:
                field = "preset" if error.code in _PRESET_ERRORS else None
                self.add_error(field, ValidationError(localize(error), code=error.code))
        return cleaned

    def options(self) -> RankingOptions:
        """What the search is asked for."""
        cleaned = self.cleaned_data
        return RankingOptions(
            preset=cleaned["preset"] or DEFAULT_PRESET,
            style_weight=cleaned["style_weight"],
            content_weight=cleaned["content_weight"],
            layer_weights=cleaned["layer_weights"],
            limit=cleaned["limit"],
            exclude_same_artist=cleaned["exclude_same_artist"],
        )


class ImageSearchForm(forms.Form):
    """An image to search by, which is not kept."""

    image = CheckedImageFormField(label=_("Image"))


_PRESET_ERRORS = ("weighting_preset", "weighting_calibration")
