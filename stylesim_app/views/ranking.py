"""The part that pages share: a control, and the ranked works or the reason why there are none."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render

from ..api.throttling import CustomWeightsThrottle
from ..collection.facets import YEARS
from ..collection.filters import artwork_filterset
from ..collection.visibility import visible_artworks
from ..exceptions import NotIndexed, NotPrepared, StorageUnavailable
from ..index.serving import Serving
from ..index.status import index_status
from ..messages import waits_again_words
from ..models import WorkItem
from ..ranking import lanes
from ..ranking.lanes import Lane
from ..ranking.options import RankingOptions
from ..ranking.timing import timed
from ..selections.finding import limit_to
from ..work import signs
from .forms import RankingPageForm
from .walk import PARAMETER
from .within import read_within

State = WorkItem.State
logger = logging.getLogger(__name__)

#: From lane, options, visible works, candidates among them and snapshot, to the answer.
Find = Callable[[Lane, RankingOptions, QuerySet[Any], QuerySet[Any], Serving], Any]


@dataclass(frozen=True)
class Tab:
    """A lane on a page, and the query of its link, which keeps filters, limit and weights."""

    lane: Lane
    query_string: str
    current: bool


def visible_artwork(request: HttpRequest, pk: str) -> Any:
    """Return the artwork of that key. One that is not visible is 404 like one that does
    not exist."""
    try:
        artwork = visible_artworks(request).filter(pk=pk).first()
    except (ValueError, ValidationError):
        artwork = None
    # One address for each: " 1" and digits of other scripts are numbers to Python too.
    if artwork is None or str(artwork.pk) != pk:
        raise Http404
    return artwork


def rank(
    request: HttpRequest, find: Find, final: Collection[str] = (State.FAILED,)
) -> dict[str, Any]:
    """Return what ``includes/ranking.html`` shows for the weights and filters that were sent.

    ``status`` is ``ranked``, ``invalid``, ``waiting``, ``unprepared`` if only the lane is not
    ready, ``unavailable`` if the private storage is missing, ``throttled`` for ``retry_after``
    seconds, or ``failed`` in one of the ``final`` states, which waiting does not mend.
    """
    visible = visible_artworks(request)
    form = RankingPageForm(request.GET)
    filters = artwork_filterset()(request.GET, queryset=visible)
    within = read_within(request)
    context: dict[str, Any] = {
        "ranking_form": form,
        "lane": form.shown_lane,
        "default_lane": form.shown_lane is lanes.registered()[0],
        "tabs": tabs(request.GET, form.shown_lane),
        "region": None,
        "filters": filters,
        "filters_used": filters_used(filters),
        "within": within,
        "query_string": _without(request.GET, "region", PARAMETER).urlencode(),
        "export_query": _without(request.GET, PARAMETER).urlencode(),
        "listed": request.GET.get(PARAMETER, ""),
    }
    if not (form.is_valid() and filters.is_valid()) or within.not_found:
        return context | {"status": "invalid"}
    throttle = CustomWeightsThrottle()
    if not throttle.allow_request(request, None):  # type: ignore[arg-type]
        return context | {"status": "throttled", "retry_after": math.ceil(throttle.wait() or 60)}
    options = form.options()
    context["region"] = options.region
    try:
        with timed(form.chosen_lane().name):
            candidates = limit_to(filters.qs, within.selection)
            answer = find(form.chosen_lane(), options, visible, candidates, form.serving)
    except StorageUnavailable as error:
        logger.error("%s", error)  # noqa: TRY400
        return context | {"status": "unavailable", "reason": str(error)}
    except NotIndexed as error:
        status = "failed" if error.state in final else "waiting"
        index = index_status(visible, form.serving)
        return context | {
            "status": "unprepared" if isinstance(error, NotPrepared) else status,
            "reason": str(error),
            "worker_alive": index.worker_alive,
            "indexing_paused": index.paused,
        }
    return context | {"status": "ranked", "answer": answer}


def waits_again(item: WorkItem | None) -> str:
    """Return in words that a row waits because its worker is gone; empty for other rows."""
    gone = item is not None and signs.is_holder_gone(item)
    return waits_again_words(item.due_at) if item is not None and gone else ""


def render_ranking(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """Return a page with a ranking; 429 if the caller must wait for it."""
    wait = context.get("retry_after")
    response = render(request, template, context, status=429 if wait else 200)
    if wait:
        response["Retry-After"] = str(wait)
    return response


def tabs(query: QueryDict, current: Lane) -> list[Tab]:
    """Return the lanes in their order; a region is kept for the lanes that take one."""
    found = []
    for lane in lanes.registered():
        kept = query.copy() if lane.takes_region else _without(query, "region")
        kept["lane"] = lane.name
        found.append(Tab(lane, kept.urlencode(), lane is current))
    return found


def _without(query: QueryDict, *names: str) -> QueryDict:
    kept = query.copy()
    for name in names:
        kept.pop(name, None)
    return kept


def facets_used(filters: Any) -> int:
    """Return how many facets have chosen values."""
    fields = filters.form.fields.items()
    return sum(
        bool(filters.form.data.get(name)) for name, field in fields if field.widget.is_hidden
    )


def filters_used(filters: Any) -> int:
    """Return how many of the filters, the text and the order aside, were given a value; both ends
    of a range of years are one."""
    names = [name for name in filters.form.fields if name not in ("q", "ordering")]
    given = (name for name in names if filters.form.data.get(name))
    return len({"years" if name in YEARS else name for name in given})
