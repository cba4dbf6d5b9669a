"""The sets that people keep: a list of them, and one with its works."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import PurePath
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..collection.adapter import adapter
from ..collection.visibility import public_artworks, visible_artworks
from ..models import Selection, SelectionItem
from ..selections import exporting, finding, keeping, reading
from .artworks import PAGE_SIZE
from .file_names import attachment, readable_name
from .set_forms import SelectionForm, TableForm, chosen_works

#: Pictures that stand for a set in the list.
COVERS = 4
#: Chosen works that an address has room for.
MOST_IN_ADDRESS = 100
_EXPORTS: dict[str, tuple[Callable[..., bytes], str]] = {
    "csv": (exporting.to_csv, "text/csv; charset=utf-8"),
    "xlsx": (
        exporting.to_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}
View = Callable[..., HttpResponse]


def for_members(view: View) -> View:
    """Wrap a view so that it asks visitors to sign in, and that no search engine lists it."""

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(_after_signing_in(request))
        return unlisted(view(request, *args, **kwargs))

    return checked


def _after_signing_in(request: HttpRequest) -> str:
    """Return the address to go on with: a form that was sent cannot be asked for by its address."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    works = chosen_works(request.POST)
    if 0 < len(works) <= MOST_IN_ADDRESS:
        return f"{reverse('stylesim:set-keep')}?{urlencode({'works': works}, doseq=True)}"
    return reverse("stylesim:sets")


def unlisted(response: HttpResponse) -> HttpResponse:
    """Return a response that search engines do not list."""
    response["X-Robots-Tag"] = "noindex"
    return response


def own_set(request: HttpRequest, pk: int) -> Selection:
    """Return a set of the person. Raises Http404 for any other."""
    selection = Selection.objects.filter(pk=pk, owner=request.user.pk).first()
    if selection is None:
        raise Http404
    return selection


def address_in(request: HttpRequest) -> exporting.Address:
    """Return the address of each work's page, or an empty text where a host has no such page."""

    def address(artwork: Any) -> str:
        try:
            return request.build_absolute_uri(adapter().url(artwork))
        except NoReverseMatch:
            return ""

    return address


@for_members
@never_cache
@require_safe
def sets(request: HttpRequest) -> HttpResponse:
    """List the sets of the person, and for staff those that others share."""
    return render_sets(request, TableForm())


def render_sets(request: HttpRequest, form: TableForm, **more: Any) -> HttpResponse:
    """Return the list of sets, with the form that makes one of a table."""
    visible = visible_artworks(request)
    found = finding.with_counts(finding.readable(request.user), visible)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    listed = [
        {
            "selection": selection,
            "is_own": selection.owner_id == request.user.pk,
            "works": [item.artwork for item in finding.shown_items(selection, visible)[:COVERS]],
        }
        for selection in page
    ]
    context = {
        "listed": listed,
        "page": page,
        "page_numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1),
        "query": request.GET,
        "form": form,
        "new_form": SelectionForm(auto_id="new_%s"),
    }
    return render(request, "stylesim_app/sets.html", context | more)


@for_members
@require_POST
def import_set(request: HttpRequest) -> HttpResponse:
    """Make a set of the works that a table lists."""
    form = TableForm(request.POST, request.FILES)
    if not form.is_valid():
        return render_sets(request, form)
    upload = form.cleaned_data["table"]
    try:
        found = reading.read_works(upload, visible_artworks(request), address_in(request))
        name = form.cleaned_data["name"].strip() or PurePath(upload.name).stem[:200] or _("Set")
        made = keeping.create(request.user, name, keys=found.keys)
    except (reading.UnreadableTable, keeping.SelectionFull) as error:
        form.add_error("table", str(error))
        return render_sets(request, form, missing=getattr(error, "missing", ()))
    if not found.missing:
        return redirect(f"{made.get_absolute_url()}?added={len(found.keys)}")
    context = {"selection": made, "added": len(found.keys), "missing": found.missing}
    return render(request, "stylesim_app/set_imported.html", context)


@never_cache
@require_safe
def show(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a set: to its owner, to staff if it is shared, and to whoever has its link."""
    return render_set(request, find_set(request, reference), reference)


def find_set(request: HttpRequest, reference: str) -> Selection:
    """Return the set of a key or a token that the caller may read. Raises Http404."""
    selection = finding.find(reference, request.user)
    if selection is None:
        raise Http404
    return selection


def render_set(
    request: HttpRequest, selection: Selection, reference: str, form: SelectionForm | None = None
) -> HttpResponse:
    """Return the page of a set, with the form that renames it if the caller may do so."""
    items = finding.shown_items(selection, visible_artworks(request))
    page = Paginator(items, PAGE_SIZE).get_page(request.GET.get("page"))
    is_own = selection.owner_id == request.user.pk
    link = (
        request.build_absolute_uri(reverse("stylesim:set", args=[selection.share_token]))
        if is_own and selection.is_shared
        else ""
    )
    context = {
        "selection": selection,
        "reference": reference,
        "is_own": is_own,
        "page": page,
        "page_numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1),
        "query": request.GET,
        "query_string": f"within={reference}",
        "form": form or SelectionForm(instance=selection),
        "link": link,
        "not_public": _count_not_public(selection, items) if link else 0,
        "added": _number(request, "added"),
        "removed": _number(request, "removed"),
    }
    return unlisted(render(request, "stylesim_app/set.html", context))


def _count_not_public(selection: Selection, items: QuerySet[SelectionItem]) -> int:
    """Return how many of the items shown to the owner are hidden from most readers of a link."""
    return items.count() - finding.shown_items(selection, public_artworks()).count()


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


@for_members
@require_POST
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a set, and change the note on it."""
    selection = own_set(request, pk)
    form = SelectionForm(request.POST, instance=selection)
    if not form.is_valid():
        selection.refresh_from_db()
        return render_set(request, selection, str(pk), form)
    form.save()
    return redirect(selection)


@for_members
@require_POST
def share(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link to a set, or end it."""
    selection = own_set(request, pk)
    if "revoke" in request.POST:
        keeping.revoke(selection)
    else:
        keeping.share(selection)
    return redirect(f"{selection.get_absolute_url()}#share")


@for_members
@require_POST
def change_works(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove works from a set, or move one to another place."""
    selection = own_set(request, pk)
    visible = visible_artworks(request)
    if "remove_chosen" in request.POST:
        keys = finding.keys_of_visible(chosen_works(request.POST), visible)
        removed = keeping.remove(selection, keys)
        return redirect(f"{selection.get_absolute_url()}?removed={removed}")
    anchor = ""
    for action, steps in (("earlier", -1), ("later", 1), ("first", -keeping.MAX_WORKS)):
        key = finding.read_key(request.POST.get(action, ""))
        if key is not None and keeping.move(selection, key, steps, visible):
            anchor = f"#work-{key}"
    key = finding.read_key(request.POST.get("remove", ""))
    if key is not None:
        keeping.remove(selection, [key])
    page = request.GET.get("page", "")
    query = f"?page={page}" if page.isascii() and page.isdigit() else ""
    return redirect(f"{selection.get_absolute_url()}{query}{anchor}")


@for_members
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a set once this is confirmed; its works stay in the collection."""
    selection = own_set(request, pk)
    if request.method == "POST":
        selection.delete()
        return redirect("stylesim:sets")
    works = finding.shown_items(selection, visible_artworks(request)).count()
    context = {"selection": selection, "works": works}
    return render(request, "stylesim_app/set_delete.html", context)


@never_cache
@require_safe
def export(request: HttpRequest, reference: str, kind: str) -> HttpResponse:
    """Return the visible works of a set with their facts, as a table to download."""
    selection = find_set(request, reference)
    items = finding.shown_items(selection, visible_artworks(request))
    table = exporting.rows_of((item.artwork for item in items), address_in(request))
    write, content_type = _EXPORTS[kind]
    response = HttpResponse(
        write(*table),
        content_type=content_type,
        headers={"X-Content-Type-Options": "nosniff"},
    )
    name = readable_name([selection.name], kind)
    response["Content-Disposition"] = attachment(name)
    return unlisted(response)
