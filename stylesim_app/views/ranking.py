"""The part that pages share: a control, and the ranked works or the reason why there are none."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from ..collection.filters import artwork_filterset
from ..collection.visibility import visible_artworks
from ..exceptions import NotIndexed
from ..index.serving import Serving
from ..index.status import index_status
from ..models import WorkItem
from ..ranking.lanes import Lane
from ..ranking.options import RankingOptions
from .forms import RankingPageForm

State = WorkItem.State

#: From lane, options, visible works, candidates among them and snapshot, to the answer.
Find = Callable[[Lane, RankingOptions, QuerySet[Any], QuerySet[Any], Serving], Any]


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

    ``status`` is ``ranked``, ``invalid``, ``waiting``, or ``failed`` in one of the ``final``
    states, which waiting does not mend.
    """
    visible = visible_artworks(request)
    form = RankingPageForm(request.GET)
    filters = artwork_filterset()(request.GET, queryset=visible)
    context: dict[str, Any] = {
        "ranking_form": form,
        "filters": filters,
        "filters_used": filters_used(filters),
        "query_string": request.GET.urlencode(),
    }
    if not (form.is_valid() and filters.is_valid()):
        return context | {"status": "invalid"}
    try:
        answer = find(form.chosen_lane(), form.options(), visible, filters.qs, form.serving)
    except NotIndexed as error:
        return context | {
            "status": "failed" if error.state in final else "waiting",
            "reason": str(error),
            "worker_alive": index_status(visible, form.serving).worker_alive,
        }
    return context | {"status": "ranked", "answer": answer}


def filters_used(filters: Any) -> int:
    """Return how many of the filters, the text and the order aside, were given a value."""
    names = [name for name in filters.form.fields if name not in ("q", "ordering")]
    return sum(bool(filters.form.data.get(name)) for name in names)
