"""Search by an image that is not stored."""

from __future__ import annotations

import json
import logging
import math
import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from ..api.throttling import SearchThrottle
from ..collection import visibility
from ..collection.visibility import visible_artworks
from ..conf import conf
from ..core.errors import ImageError
from ..exceptions import StorageUnavailable
from ..models import WorkItem
from ..ranking import image_search
from ..ranking.closeness import UNLIKE_ALL, nearer_neighbours
from ..ranking.results import RankedAnswer
from ..ranking.same_picture import list_same_pictures_of_search
from ..ranking.vector_lanes import LaneAnswer
from . import same_picture
from .forms import ImageSearchForm
from .ranking import rank, render_ranking, waits_again
from .upload_words import limits, words
from .uploads import refuse, wants_json
from .within import keep_within, read_within

logger = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """Show the form; queue what it sends, and redirect to the results."""
    if request.method != "POST":
        return _search_form(request, ImageSearchForm())
    throttle = SearchThrottle()
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]
        return _refuse(request, throttle.wait())
    form = ImageSearchForm(request.POST, request.FILES)
    if not form.is_valid():
        return _search_form(request, form)
    try:
        search = image_search.start(form.cleaned_data["image"], request.user)
        address = keep_within(request, search.get_absolute_url())
        if wants_json(request):
            return JsonResponse({"state": "added", "address": address})
        return redirect(address)
    except StorageUnavailable as error:
        logger.error("%s", error)  # noqa: TRY400
        refusal = _("This site cannot store pictures at the moment. Please try again later.")
        return _search_form(request, ImageSearchForm(), status=503, refusal=refusal)


@require_safe
@never_cache
def results(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the similar works of an image, once a worker has described it."""
    found = image_search.find(pk, request.user)
    if found is None:
        return render(request, "stylesim_app/search_gone.html", status=404)
    final = (WorkItem.State.FAILED, WorkItem.State.STALE)
    context = rank(request, lambda lane, *facts: lane.of_search(found, *facts), final)
    context |= {
        "search": found,
        "waits_again": waits_again(found),
        "found": list_same_pictures_of_search(found, visible_artworks(request))
        if same_picture.is_shown(request)
        else None,
        "may_know_reason": visibility.may(request.user, "view")
        or found.state != WorkItem.State.FAILED
        or found.error_code in ImageError.MESSAGES,
        "lifetime_hours": conf.search_lifetime_hours,
    }
    context |= _compare_with_neighbours(context)
    return render_ranking(request, "stylesim_app/search_results.html", context)


def _compare_with_neighbours(context: dict[str, Any]) -> dict[str, Any]:
    """Return how the nearest work compares with the neighbours that works here have.

    Nothing for a part of the works or of the picture, or where its very picture was found.
    """
    answer = context.get("answer")
    if not isinstance(answer, RankedAnswer | LaneAnswer) or context["region"] is not None:
        return {}
    if context["found"] and context["found"].works:
        return {}
    if context["filters_used"] or context["filters"].form.data.get("q"):
        return {}
    nearer = nearer_neighbours(answer, context["ranking_form"].serving)
    return {"nearer": nearer, "unlike": nearer is not None and nearer >= UNLIKE_ALL}


def _search_form(
    request: HttpRequest, form: ImageSearchForm, status: int = 200, refusal: str = ""
) -> HttpResponse:
    """Return the page, or to a script of the page what is wrong."""
    if wants_json(request):
        if refusal:
            return refuse(status, refusal, "refused")
        errors = {name: list(map(str, each)) for name, each in form.errors.items()}
        return JsonResponse({"state": "refused", "errors": errors})
    context = {
        "form": form,
        "refusal": refusal,
        "lifetime_hours": conf.search_lifetime_hours,
        "within": read_within(request),
        "limits": limits(),
        "words": json.dumps(words(), ensure_ascii=False),
    }
    return render(request, "stylesim_app/search.html", context, status=status)


def _refuse(request: HttpRequest, wait: float | None) -> HttpResponse:
    seconds = math.ceil(wait or 60)
    refusal = ngettext(
        "Too many searches. Please try again in %(seconds)d second.",
        "Too many searches. Please try again in %(seconds)d seconds.",
        seconds,
    ) % {"seconds": seconds}
    response = _search_form(request, ImageSearchForm(), status=429, refusal=refusal)
    response["Retry-After"] = str(seconds)
    return response
