"""Chosen works are kept: as a new set, or in one that there is."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from ..collection.visibility import visible_artworks
from ..models import Selection
from ..selections import finding, keeping
from .set_forms import AddForm, SelectionForm, chosen_works
from .sets import for_members

#: Pictures of the chosen works that the page shows.
MOST_SHOWN = 48


@for_members
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest) -> HttpResponse:
    """Ask for the set that chosen works are kept in, and keep them."""
    sent = request.POST if request.method == "POST" else request.GET
    visible = visible_artworks(request)
    keys = finding.keys_of_visible(chosen_works(sent), visible)
    action = request.POST.get("keep", "")
    new_form = SelectionForm(request.POST if action == "new" else None)
    add_form = AddForm(request.user, request.POST if action == "add" else None)
    form: SelectionForm | AddForm = add_form if action == "add" else new_form
    if action in ("new", "add") and form.is_valid():
        try:
            return _keep(request.user, form, keys)
        except keeping.SelectionFull as error:
            form.add_error(None, str(error))
    adds = action == "add" or sent.get("to") == "existing"
    new_form.fields["name"].widget.attrs["autofocus"] = not adds
    works = visible.select_related("stylesim_entry").in_bulk(keys[:MOST_SHOWN])
    context = {
        "keys": json.dumps([str(key) for key in keys]),
        "count": len(keys),
        "works": [works[key] for key in keys[:MOST_SHOWN] if key in works],
        "more": max(0, len(keys) - MOST_SHOWN),
        "new_form": new_form,
        "add_form": add_form,
        "adds": adds,
        "has_sets": Selection.objects.filter(owner=request.user.pk).exists(),
    }
    return render(request, "stylesim_app/set_keep.html", context)


def _keep(user: Any, form: SelectionForm | AddForm, keys: list[Any]) -> HttpResponse:
    facts = form.cleaned_data
    if isinstance(form, AddForm):
        selection = facts["selection"]
        added = keeping.add(selection, keys)
    else:
        selection = keeping.create(user, facts["name"], facts["note"], keys)
        added = len(keys)
    return redirect(f"{selection.get_absolute_url()}?added={added}")
