"""Forms: what to rank by, in one place for pages, admin and API; and uploads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from ..collection.adapter import adapter
from ..collection.fields import CheckedImageFormField
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..core.boxes import Box, check_box
from ..core.descriptors import STYLE_LAYERS
from ..core.distances import DEFAULT_PRESET, EQUAL_LAYER_WEIGHTS, PRESETS
from ..core.errors import WeightingError
from ..index.serving import Serving
from ..messages import join_words, localize
from ..ranking import lanes
from ..ranking.lanes import Lane
from ..ranking.options import COPIES, CUSTOM, RankingOptions

PRESET_LABELS = {
    "paper": _("Mostly style"),
    "style": _("Style only"),
    "content": _("Content only"),
    "balanced": _("Style and content balanced"),
    COPIES: _("Copies"),
}
#: The presets, and one that compares by cosine.
CHOICES = (*PRESETS, COPIES)
#: What each style layer sees, from brushwork to motifs.
LAYER_WORDS = {
    "relu1_1": _("Colour and grain"),
    "relu2_1": _("Brushstrokes and edges"),
    "relu3_1": _("Texture and pattern"),
    "relu4_1": _("Shapes and ornament"),
    "relu5_1": _("Motifs and figures"),
}
OWN_WEIGHTS = ("style_weight", "content_weight")
WEIGHTS = ("preset", *OWN_WEIGHTS, "layer_weights")
REGION_SIDES = {
    "left": _("Left edge"),
    "top": _("Top edge"),
    "width": _("Width"),
    "height": _("Height"),
}
DEFAULT_LIMIT = 10
#: Characters of a list of numbers, and of a name.
MAX_NUMBERS_TEXT = 200
MAX_NAME = 50


class NumbersInput(forms.TextInput):
    """Takes one value with commas, or one value a number, as several inputs of one name send
    them."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        if isinstance(data, MultiValueDict) and name in data:
            values = data.getlist(name)
            return ",".join(values) if any(values) else ""
        return super().value_from_datadict(data, files, name)


def _bounded(text: str) -> str:
    """Return a text that is no longer than its numbers need. Raises ValueError."""
    if len(text) > MAX_NUMBERS_TEXT:
        raise ValueError(len(text))
    return text


class LayerWeightsField(forms.CharField):
    """Five numbers, separated by commas."""

    widget = NumbersInput

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return EQUAL_LAYER_WEIGHTS
        try:
            return tuple(float(part) for part in _bounded(text).split(","))
        except ValueError as error:
            raise ValidationError(
                _("Enter %(count)d numbers, separated by commas."),
                params={"count": len(STYLE_LAYERS)},
            ) from error


class RegionField(forms.CharField):
    """A box as four shares of the picture: left, top, width, height."""

    widget = NumbersInput

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            box = Box(*(float(part) for part in _bounded(text).split(",")))
            check_box(box)
        except (TypeError, ValueError) as error:
            raise ValidationError(
                _("Enter left, top, width and height of the region, each from 0 to 1, with commas.")
            ) from error
        return box


class RankingForm(forms.Form):
    """Lane, weights, number and kind of results; ``options()`` of a valid form says it to the
    search.

    Every field may be absent, and has then its default.
    """

    lane = forms.CharField(required=False, max_length=MAX_NAME)
    preset = forms.CharField(
        required=False,
        max_length=MAX_NAME,
        label=_("Compare by"),
        widget=forms.RadioSelect(
            choices=[(name, PRESET_LABELS.get(name, name)) for name in CHOICES]
        ),
    )
    style_weight = forms.FloatField(required=False, label=_("Style weight"))
    content_weight = forms.FloatField(required=False, label=_("Content weight"))
    layer_weights = LayerWeightsField(required=False, label=_("Layer weights"))
    limit = forms.IntegerField(required=False, min_value=1, label=_("Number of results"))
    exclude_same_artist = forms.BooleanField(
        required=False, label=_("Exclude works by the same artist")
    )
    region = RegionField(required=False, label=_("Region"))

    @cached_property
    def serving(self) -> Serving:
        """Return the snapshot that the weights are resolved against, and that is searched."""
        return Serving()

    def clean_lane(self) -> Lane:
        names = [lane.name for lane in lanes.registered()]
        name = self.cleaned_data["lane"] or names[0]
        if name not in names:
            raise ValidationError(
                _("Unknown lane. Choose one of %(names)s."), params={"names": join_words(names)}
            )
        return lanes.get(name)

    def clean_limit(self) -> int:
        limit: int = self.cleaned_data["limit"] or DEFAULT_LIMIT
        if limit > conf.max_results:
            raise ValidationError(
                _("Enter at most %(limit)d."),
                params={"limit": conf.max_results},
            )
        return limit

    def clean(self) -> dict[str, Any]:
        """Look at each weight by itself, so that all that is wrong is said at once, and then at
        all together."""
        cleaned = super().clean() or self.cleaned_data
        lane = cleaned.get("lane")
        if cleaned.get("region") and lane is not None and not lane.takes_region:
            reason = _("The lane %(lane)s cannot search for a region.")
            self.add_error("region", ValidationError(reason, params={"lane": lane.name}))
        if cleaned.get("preset") == CUSTOM:
            self._resolve_custom(cleaned)
        given = {name: cleaned[name] for name in WEIGHTS if cleaned.get(name) not in (None, "")}
        for name, value in given.items():
            self._check({name: value}, name)
        if self.errors.keys().isdisjoint(WEIGHTS):
            self._check(given, None)
        return cleaned

    def _resolve_custom(self, cleaned: dict[str, Any]) -> None:
        """Resolve the preset that answers give to custom weights, which needs such weights."""
        cleaned["preset"] = ""
        if not any(name in self.errors or cleaned[name] is not None for name in OWN_WEIGHTS):
            reason = _("The custom preset needs style_weight, content_weight or both.")
            self.add_error("preset", ValidationError(reason, code="weighting_custom"))

    def _check(self, weights: dict[str, Any], field: str | None) -> None:
        try:
            RankingOptions(**weights).weighting(self.serving)
        except WeightingError as error:
            self.add_error(field, ValidationError(self._explain(error), code=error.code))

    def _explain(self, error: WeightingError) -> str:
        """Return the message of an error, which names weights as the API and the commands do."""
        return localize(error)

    def options(self) -> RankingOptions:
        """Return what the search is asked for."""
        cleaned = self.cleaned_data
        return RankingOptions(
            preset=cleaned["preset"] or DEFAULT_PRESET,
            style_weight=cleaned["style_weight"],
            content_weight=cleaned["content_weight"],
            layer_weights=cleaned["layer_weights"],
            limit=cleaned["limit"],
            exclude_same_artist=cleaned["exclude_same_artist"],
            region=cleaned["region"],
        )

    def chosen_lane(self) -> Lane:
        """Return the lane that is asked for."""
        chosen: Lane = self.cleaned_data["lane"]
        return chosen


class RankingPageForm(RankingForm):
    """The control on a page, which always sends all weights: its buttons say which count.

    Weights that do not count in the lane are ``carried``, and not looked at.
    """

    def __init__(self, query: QueryDict) -> None:
        sent = query.copy()
        # An unknown lane is an error, shown with the control of the first.
        named = {lane.name: lane for lane in lanes.registered()}
        self.shown_lane = named.get(sent.get("lane", "")) or lanes.registered()[0]
        own = any(sent.get(name) for name in OWN_WEIGHTS)
        self.chosen = sent.get("preset") or (CUSTOM if own else DEFAULT_PRESET)
        for name in ("preset",) if self.chosen == CUSTOM else OWN_WEIGHTS:
            sent.pop(name, None)
        sent.setdefault("limit", str(DEFAULT_LIMIT))
        self.carried: list[tuple[str, str]] = []
        for name in (each for each in WEIGHTS if each not in self.shown_lane.takes_weights):
            self.carried += [(name, value) for value in sent.getlist(name)]
            sent.pop(name, None)
        super().__init__(sent)

    def _explain(self, error: WeightingError) -> str:
        """Return the message of an error, which names weights by their labels on the page."""
        labels = {**LAYER_WORDS, **{name: self.fields[name].label for name in OWN_WEIGHTS}}
        name = error.params.get("name")
        if name not in labels:
            return super()._explain(error)
        return localize(WeightingError(error.code, **{**error.params, "name": labels[name]}))

    def choices(self) -> list[tuple[str, str | Promise]]:
        """Return value and label of each button."""
        return [
            *((name, PRESET_LABELS.get(name, name)) for name in CHOICES),
            (CUSTOM, _("Custom weights")),
        ]

    def chosen_label(self) -> str | Promise:
        """Return the label of the button that is chosen."""
        return dict(self.choices()).get(self.chosen, self.chosen)

    def own_weights(self) -> list[tuple[forms.BoundField, str]]:
        """Return the fields of the two weights, each with its value, or the one that the preset
        gives."""
        values: dict[str, Any] = {name: self[name].value() for name in OWN_WEIGHTS}
        if self.is_valid():
            weighting = self.options().weighting(self.serving)
            values = {name: f"{getattr(weighting, name):.4g}" for name in OWN_WEIGHTS}
        return [(self[name], values[name] or "") for name in OWN_WEIGHTS]

    def layers(self) -> list[tuple[str, str | Promise, str]]:
        """Name of each style layer, what it sees in words, and its weight."""
        weights = self.cleaned_data.get("layer_weights") if self.is_valid() else None
        return [
            (layer, LAYER_WORDS[layer], f"{weight:g}")
            for layer, weight in zip(STYLE_LAYERS, weights or EQUAL_LAYER_WEIGHTS, strict=True)
        ]

    def largest_layer_weight(self) -> str:
        """Return the end of the scale on which layer weights are set."""
        return max(("1", *(weight for _, _, weight in self.layers())), key=float)

    def region_sides(self) -> list[tuple[str, str | Promise, str]]:
        """Name of each side of the region, its label, and its value."""
        parts = (self["region"].value() or "").split(",")
        values = parts if len(parts) == len(REGION_SIDES) else [""] * len(REGION_SIDES)
        return [
            (name, label, value)
            for (name, label), value in zip(REGION_SIDES.items(), values, strict=True)
        ]

    def layers_differ(self) -> bool:
        """Return whether the layers have custom weights."""
        return self.is_valid() and self.cleaned_data["layer_weights"] != EQUAL_LAYER_WEIGHTS


class ImageSearchForm(forms.Form):
    """An image to search by, which is not kept."""

    image = CheckedImageFormField(label=_("Image"))


class ManyFilesInput(forms.FileInput):
    """A choice of several files, each of which becomes a work."""

    allow_multiple_selected = True

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({"multiple": True, **(attrs or {})})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        # Each file has a form of its own.
        return files.get(name)


#: Facts that only the admin and the API write.
_NOT_ON_THE_PAGE = ("year_number", "extra")


@cache
def artwork_upload_form() -> type[forms.ModelForm[Any]]:
    """Return the form that adds an artwork: the descriptive fields that the model in use has."""
    image_field = conf.artwork_image_field
    hidden = {adapter().field(fact) for fact in _NOT_ON_THE_PAGE}
    form: type[forms.ModelForm[Any]] = forms.modelform_factory(
        get_artwork_model(),
        fields=[name for name in adapter().editable_fields() if name not in hidden],
        field_classes={image_field: CheckedImageFormField},
        widgets={image_field: ManyFilesInput},
    )
    # A host's model may allow a work without a picture; an upload is one with it.
    form.base_fields[image_field].required = True
    return form
