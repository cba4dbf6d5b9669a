"""Template tags and filters: facts of a work, URLs of its pictures, formatted figures."""

from __future__ import annotations

import math
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext, pgettext

from ..collection import thumbnails, visibility
from ..collection.adapter import adapter
from ..conf import conf
from ..core.boxes import Box
from ..core.same_picture.false_alarms import ALARMS, QUERIES
from ..core.same_picture.relation import Polygon
from ..core.scale import PairScale
from ..index.same_picture import FEWEST_INLIERS
from ..messages import (
    closer_words,
    pair_words,
    rarity_words,
    relation_words,
    share,
    surroundings_words,
    translate_notes,
    whole_number,
)
from ..ranking.closeness import Answer, Parted, Result, closeness, figure_of, part
from ..ranking.lanes import Lane
from ..ranking.shares import parts_of
from ..views import places
from ..views.forms import RankingPageForm
from ..views.pictures import placeholder_url
from ..work import trash

register = template.Library()

BYLINE = ("artist", "year")


@register.filter
def title_of(artwork: Any) -> str:
    """Return the title of an artwork of any model."""
    return adapter().title(artwork)


@register.filter
def facts_of(artwork: Any) -> list[tuple[str, str]]:
    """Return ``(label, value)`` of each fact of an artwork that is not in its byline."""
    said = {adapter().label(fact) for fact in BYLINE if adapter().field(fact) is not None}
    return [(label, value) for label, value in adapter().facts(artwork) if label not in said]


@register.filter
def byline(artwork: Any) -> str:
    """Return artist and year, as far as the model has them."""
    parts = (adapter().value(artwork, fact) for fact in BYLINE)
    words = [str(part) for part in parts if part not in (None, "")]
    return pgettext("between artist and year", ", ").join(words)


@register.filter
def year_note(artwork: Any) -> str:
    """Return that no date can be read from the year of an artwork; empty for one that has one."""
    written = adapter().value(artwork, "year")
    if written in (None, "") or adapter().year(artwork) is not None:
        return ""
    return gettext(
        "The year “%(year)s” is kept as it is written, but no date can be read from it, so filters "
        "by year do not find this work."
    ) % {"year": written}


@register.simple_tag
def trash_days(model: str) -> int:
    """Return the days for which works of a model stay in the trash; 0 for one without a trash."""
    in_use = trash.is_in_use() and model == adapter().model._meta.label
    return round(conf.trash_days) if in_use else 0


@register.simple_tag
def thumbnail_url(artwork: Any, size: str) -> str:
    """Return the URL of a small version of an artwork's picture, or that of the placeholder."""
    if not thumbnails.has_picture(artwork):
        return placeholder_url()
    address = reverse("stylesim:thumbnail", args=[artwork.pk, size])
    return f"{address}?v={thumbnails.version_of(artwork)}"


register.filter("has_picture", thumbnails.has_picture)


@register.simple_tag
def original_url(artwork: Any) -> str:
    """Return the URL of the original picture, or an empty string if the storage has none."""
    try:
        return str(adapter().image(artwork).url)
    except (NotImplementedError, ValueError):
        return ""


@register.simple_tag(takes_context=True)
def may(context: template.Context, action: str) -> bool:
    """Return whether the reader may ``add``, ``change`` or ``view`` artworks."""
    request = context.get("request")
    return request is not None and visibility.may(request.user, action)


@register.simple_tag
def admin_url(artwork: Any) -> str:
    """Return the URL to edit an artwork, or an empty string if it is not in the admin."""
    options = artwork._meta
    try:
        return reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[artwork.pk])
    except NoReverseMatch:
        return ""


@register.simple_tag
def admin_list_url() -> str:
    """Return the URL of the list of artworks in the admin, or an empty string."""
    options = adapter().model._meta
    try:
        return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    except NoReverseMatch:
        return ""


@register.filter
def notes(codes: list[str], for_staff: bool) -> str:
    """Return the notes on how a picture was read."""
    return translate_notes(codes, for_staff=for_staff)


@register.filter
def figure(number: float) -> str:
    """Return three significant digits in the reader's notation: 0.0429, 120, 3.14."""
    digits = 0 if number == 0 else 2 - math.floor(math.log10(abs(number)))
    return number_format(round(number, digits), decimal_pos=max(digits, 0))


register.filter(share)
register.filter(closer_words)


register.filter(whole_number)


register.filter(relation_words)


register.filter(pair_words)


@register.filter
def surroundings(kind: str) -> str:
    """Return in words what was left out round a work."""
    return surroundings_words(kind)


@register.filter
def points(polygon: Polygon) -> str:
    """Return a polygon as SVG writes it."""
    return " ".join(f"{x:g},{y:g}" for x, y in polygon)


@register.filter
def corners(box: Box) -> Polygon:
    """Return the corners of a box, clockwise from the top left."""
    left, top, right, bottom = box.left, box.top, box.left + box.width, box.top + box.height
    return ((left, top), (right, top), (right, bottom), (left, bottom))


@register.filter
def shares(box: Box) -> str:
    """Return left, top, width and height of a box as a script reads them."""
    return ",".join(f"{share:.4g}" for share in box)


@register.filter
def threshold(scale: PairScale | None, share: float) -> float | None:
    """Return the figure that this share of random pairs stays below; None if it is not known."""
    return None if scale is None else scale.threshold(share)


@register.simple_tag
def rarity(scale: PairScale | None, unusual: float | None) -> str:
    """Return in words how unusual a figure is; an empty string if it is not known."""
    return "" if scale is None or unusual is None else rarity_words(unusual, len(scale))


@register.simple_tag
def comparison(lane: Lane, form: RankingPageForm) -> str:
    """Return the lane and, where it has presets, the chosen one: "Similar style"."""
    if "preset" not in lane.takes_weights:
        # The label of a tab may be a question, but a colon follows here.
        return str(lane.label).rstrip("?？")
    return gettext("%(lane)s (%(preset)s)") % {"lane": lane.label, "preset": form.chosen_label()}


@register.simple_tag
def false_alarms() -> dict[str, int]:
    """Return what is measured of searches for absent pictures, and the fewest inliers shown."""
    found = ALARMS.get(FEWEST_INLIERS, 0)
    return {"queries": QUERIES, "found": found, "fewest": FEWEST_INLIERS}


@register.inclusion_tag("stylesim_app/includes/figures.html")
def figures(answer: Answer, result: Result, first: bool = False) -> dict[str, Any]:
    """Return the figures of a ranked work in any vector lane or the measure.

    The links of the ``first`` result can be reached by keyboard; those of the others say the same.
    """
    close = closeness(answer.scale, result)
    return {
        "closer": None if answer.scale is None else closer_words(_closer_than(answer, result)),
        "percent": None if close is None else round(100 * close),
        "distance": figure_of(result),
        "parts": parts_of(answer, result),
        "help": figures_url(),
        "first": first,
    }


def _closer_than(answer: Answer, result: Result) -> float:
    return 0.0 if answer.scale is None else answer.scale.closer_than(figure_of(result))


@register.simple_tag
def part_results(answer: Answer) -> Parted:
    """Return the results that are closer than an ordinary pair, and the others."""
    return part(answer)


@register.simple_tag
def figures_url() -> str:
    """Return the address of the page on what figures mean; empty where a host has not included
    the pages."""
    try:
        return reverse("stylesim:figures")
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def menu(context: template.Context) -> list[places.MenuItem]:
    """Return the entries of the menu that the reader may use."""
    request = context.get("request")
    return [] if request is None else places.menu(request)


@register.simple_tag(takes_context=True)
def result_blocks(
    context: template.Context, answer: places.Answer, result: places.Result
) -> list[str]:
    """Return the blocks that wings add to one ranked work."""
    return places.result_blocks(context["request"], answer, result)


@register.simple_tag(takes_context=True)
def artwork_panels(context: template.Context, artwork: Any) -> list[str]:
    """Return the panels that wings add to the page of an artwork."""
    return places.artwork_panels(context["request"], artwork)
