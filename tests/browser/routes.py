"""The pages of the site, taken from its routes, so that no new page is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.urls import URLPattern, URLResolver, get_resolver, reverse

#: Routes without a page: pictures, tables, JSON, files, and forms that lead to another page.
NO_PAGE = {
    "admin:autocomplete",
    "admin:jsi18n",
    "admin:logout",
    "admin:stylesim_app_artwork_picture",
    "admin:stylesim_app_artwork_process_import",
    "admin:stylesim_app_artwork_trash_picture",
    "admin:stylesim_app_index_action",
    "admin:stylesim_app_removedpicture_original",
    "admin:view_on_site",
    "logout",
    "media",
    "revoke-token",
    "set_language",
    "stylesim:artwork-csv",
    "stylesim:download",
    "stylesim:health-live",
    "stylesim:health-ready",
    "stylesim:index-again",
    "stylesim:metrics",
    "stylesim:search-csv",
    "stylesim:search-preview",
    "stylesim:set-edit",
    "stylesim:set-export",
    "stylesim:set-import",
    "stylesim:set-share",
    "stylesim:set-works",
    "stylesim:thumbnail",
    "token",
}
#: Pages that other projects wrote: those of the admin about rows of their models.
FOREIGN = ("admin:auditlog_", "admin:auth_", "admin:axes_", "admin:django_q_")
#: The API answers with JSON, but for one page.
API, API_PAGE = "stylesim-api:", "stylesim-api:docs"


def named_routes(
    resolver: URLResolver | None = None, namespaces: tuple[str, ...] = ()
) -> Iterator[tuple[str, URLPattern]]:
    """Yield each route that has a name, with its namespaces before the name."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = (pattern.namespace,) if pattern.namespace else ()
            yield from named_routes(pattern, (*namespaces, *inner))
        elif pattern.name:
            yield ":".join((*namespaces, pattern.name)), pattern


def pages(examples: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the addresses of each route with a page of ours.

    ``examples`` gives those of routes with parameters, and of pages that need a query. A page of
    the admin about one row shows the first row of its model.
    """
    found: dict[str, list[str]] = {}
    for name, pattern in named_routes():
        if name in NO_PAGE or name.startswith(FOREIGN):
            continue
        if name.startswith(API) and name != API_PAGE:
            continue
        admin = getattr(pattern.callback, "model_admin", None)
        parameters = set(pattern.pattern.regex.groupindex)
        if name in examples:
            found[name] = examples[name]
        elif admin and parameters == {"object_id"}:
            row = admin.model._default_manager.first()
            assert row is not None, f"no row of {admin.model} for {name}"
            found[name] = [reverse(name, args=[row.pk])]
        else:
            assert not parameters, f"no example of {name}"
            found[name] = [reverse(name)]
    return found
