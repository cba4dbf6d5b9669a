"""Gallery and artwork."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from ..collection import visibility
from ..collection.adapter import adapter
from ..collection.filters import artwork_filterset
from ..index.status import index_status
from ..models import IndexEntry
from ..ranking.queries import ranks_earlier_file
from ..work import audit, queue, worklist
from .downloads import is_offered
from .facets import facets_of
from .public_record import public_record
from .ranking import facets_used, filters_used, rank, render_ranking, visible_artwork, waits_again
from .walk import listed_query, walk

#: Fills whole rows of two, three, four and six.
PAGE_SIZE = 24


@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Show the visible works, filtered, ordered and in pages."""
    visible = visibility.visible_artworks(request).select_related("stylesim_entry")
    filters = artwork_filterset()(request.GET, queryset=visible)
    works = filters.qs if filters.is_valid() else visible.none()
    index = index_status(visible)
    paginator = Paginator(_in_stable_order(works), PAGE_SIZE)
    if not any(map(filters.form.data.get, filters.form.fields)):
        # Nothing is filtered: the same works are not counted twice.
        paginator.count = index.visible
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "filters": filters,
        # Facets have their own list of what is chosen.
        "filters_used": filters_used(filters) - facets_used(filters),
        "page": page,
        "page_numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1),
        "query": request.GET,
        "listed": listed_query(request.GET),
        "index": index,
        **(facets_of(request, filters, visible) if filters.is_valid() else {}),
    }
    return render(request, "stylesim_app/gallery.html", context)


@require_safe
def artwork(request: HttpRequest, pk: str) -> HttpResponse:
    """Show an artwork and its similar works."""
    shown = visible_artwork(request, pk)
    context = rank(request, lambda lane, *facts: lane.of_artwork(shown, *facts))
    entry = IndexEntry.objects.filter(artwork=shown).first()
    context |= {
        "artwork": shown,
        "entry": entry,
        "waits_again": waits_again(entry),
        "walk": walk(request, shown, context["within"]),
        "earlier_file": context["status"] == "ranked" and ranks_earlier_file(shown),
        "may_index": visibility.may_index(request.user),
        "may_know_reason": visibility.may(request.user, "view"),
        "record": public_record(request, shown),
        "may_download": is_offered(shown),
        "has_image": bool(adapter().image(shown)),
    }
    response = render_ranking(request, "stylesim_app/artwork.html", context)
    if not context["record"].is_public:
        response["X-Robots-Tag"] = "noindex"
    return response


@require_POST
def index_again(request: HttpRequest, pk: str) -> HttpResponse:
    """Ask the workers to describe an artwork once more."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("stylesim:artwork", args=[pk]))
    shown = visible_artwork(request, pk)
    if not visibility.may_index(request.user):
        raise PermissionDenied
    entries = IndexEntry.objects.filter(artwork=shown)
    audit.record_asked_again(entries)
    if not worklist.request_again(entries):
        worklist.request_new_picture(shown.pk, str(adapter().image(shown).name))
    queue.ring(shown.pk)
    return redirect("stylesim:artwork", pk=shown.pk)


def _in_stable_order(works: QuerySet[Any]) -> QuerySet[Any]:
    """Order by the key last, so that equal works stay on their page."""
    return works.order_by(*(works.query.order_by or works.model._meta.ordering), "-pk")
