"""The works and addresses of an artwork model's pages in the admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import ngettext

from ..collection import thumbnails
from ..collection.adapter import adapter
from ..views.pictures import placeholder_url
from .ranking import Card

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin


class AddressesMixin(BaseAdmin):
    """The artworks that a person may see, and the addresses of their pages in this admin."""

    def _read_chosen(self, request: HttpRequest, limit: int) -> list[Any]:
        """Return the artworks that an address names, with a message if there are too many."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        keys = [unquote(key) for key in request.GET.get("ids", "").split(",") if key]
        try:
            chosen = [self.opts.pk.clean(key, None) for key in keys[:limit]]
        except ValidationError as error:
            raise Http404 from error
        known = self.get_queryset(request).in_bulk(chosen)
        # One that is hidden is not found, like one that does not exist.
        if not chosen or any(key not in known for key in chosen):
            raise Http404
        artworks = [known[key] for key in chosen]
        if not all(self.has_view_permission(request, artwork) for artwork in artworks):
            raise Http404
        if len(keys) > limit:
            said = ngettext(
                "Only %(count)d work can be shown at once; select fewer to see the others.",
                "Only %(count)d works can be shown at once; select fewer to see the others.",
                limit,
            )
            self.message_user(request, said % {"count": limit}, messages.WARNING)
        return artworks

    def _get_visible(self, request: HttpRequest, object_id: str) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        artwork = self.get_object(request, unquote(object_id))
        if artwork is None or not self.has_view_permission(request, artwork):
            raise Http404
        return artwork

    def _url_name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _reverse(self, page: str, *args: Any) -> str:
        name = f"admin:{self._url_name(page)}"
        return reverse(name, args=args, current_app=self.admin_site.name)

    def _picture_address(self, artwork: Any, size: str) -> str:
        """Return the URL of a thumbnail, or that of a placeholder; empty if there is no picture."""
        if not thumbnails.has_picture(artwork):
            return placeholder_url() if adapter().image(artwork) else ""
        address = self._reverse("picture", quote(artwork.pk), size)
        return f"{address}?v={thumbnails.version_of(artwork)}"

    def _similar_address(self, keys: Iterable[Any], page: str = "similar", **options: str) -> str:
        return f"{self._reverse(page)}?{urlencode({'ids': join_keys(keys), **options})}"

    def _make_card(self, artwork: Any) -> Card:
        return Card(
            artwork=artwork,
            address=self._reverse("change", quote(artwork.pk)),
            picture=self._picture_address(artwork, "medium"),
        )


def join_keys(keys: Iterable[Any]) -> str:
    """Return the keys of artworks as an address names them."""
    return ",".join(str(quote(key)) for key in keys)
