"""Artworks in the admin: pictures, index states, and ranked similar works."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..collection import thumbnails, visibility
from ..collection.adapter import adapter
from ..collection.filters import artwork_filterset
from ..collection.keys import TEXT_FACTS, text_fields
from ..core.boxes import Box
from ..models import AbstractArtwork, IndexEntry
from ..ranking import lanes
from ..ranking.options import RankingOptions
from ..templatetags.stylesim import year_note
from ..views import places
from ..views.forms import RankingPageForm
from ..views.pictures import serve_thumbnail
from ..views.uploads import trash_address
from ..work import audit, known_files, trash, worklist
from .addresses import join_keys
from .again import IndexAgainMixin, request_artworks
from .bulk_edit import BulkEditMixin
from .collection_pages import CollectionPagesMixin
from .deletion import list_deleted
from .many import MAX_ROWS
from .numbers import AccessionNumberFilter
from .ranking import MAX_QUERIES, Section, make_title, rank_section
from .searching import SearchMixin
from .states import (
    FewValuesFilter,
    IndexStateFilter,
    artwork_badge,
    index_facts,
    is_waiting,
    notices,
)
from .surroundings import LEAST, SurroundingsForm, found_box, initial
from .trash import TrashMixin
from .uploading import UploadMixin

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin


class SimilarWorksAdminMixin(UploadMixin, SearchMixin, IndexAgainMixin, CollectionPagesMixin):
    """Pictures, index states and ranked similar works in the admin of an artwork model.

    Works that ``STYLESIM_VISIBLE_ARTWORKS`` hides from a member of staff are hidden here too.
    """

    actions: Sequence[Any] = ("find_similar_works", "index_again")
    change_form_template = "admin/stylesim_app/artwork_change_form.html"
    change_list_template = "admin/stylesim_app/artwork_change_list.html"
    delete_confirmation_template = "admin/stylesim_app/delete_confirmation.html"
    delete_selected_confirmation_template = "admin/stylesim_app/delete_selected_confirmation.html"

    class Media:
        css = {"all": ("stylesim_app/admin.css",)}
        js = ("stylesim_app/admin_file.js",)

    def __init__(self, model: type[Any], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        ours = SimilarWorksAdminMixin.actions
        self.actions = [*ours, *(name for name in self.actions or () if name not in ours)]

    # Lists and forms

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        visible = visibility.visible_artworks(request).order_by().values("pk")
        # Unlike select_related, prefetch_related keeps the select_related of the host's list.
        return (
            super().get_queryset(request).filter(pk__in=visible).prefetch_related("stylesim_entry")
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the works that the pages find; fields that they do not search stay the host's."""
        if set(self.get_search_fields(request)) != set(text_fields()):
            return super().get_search_results(request, queryset, search_term)
        return self.search_in_keys(request, queryset, search_term), False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        first, *others = super().get_list_display(request)
        return ["stylesim_picture", first, "stylesim_state", *others]

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        links = super().get_list_display_links(request, list_display)
        return list_display[:2] if links == ["stylesim_picture"] else links

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [IndexStateFilter, *super().get_list_filter(request)]

    @admin.display(description=_("picture"))
    def stylesim_picture(self, artwork: Any) -> SafeString | str:
        """Return the thumbnail in the list."""
        if not adapter().image(artwork):
            return ""
        return format_html(
            '<img class="stylesim-thumbnail" src="{}" alt="{}" loading="lazy">',
            self._picture_address(artwork, "small"),
            adapter().title(artwork),
        )

    @admin.display(description=_("index state"), ordering="stylesim_entry__state")
    def stylesim_state(self, artwork: Any) -> SafeString:
        """Return the index state in the list, with the reason of a failure."""
        return artwork_badge(artwork)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = notices(self.get_queryset(request)) if self.has_view_permission(request) else []
        return super().changelist_view(
            request,
            {
                "stylesim_notices": found,
                "stylesim_upload": self._reverse("upload"),
                **(extra_context or {}),
            },
        )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save an artwork, and report another visible one with the same file."""
        image = adapter().image(obj)
        is_new = bool(image) and not getattr(image, "_committed", True)
        sha256 = known_files.digest(image.file) if is_new else ""
        with transaction.atomic():
            if sha256:
                known_files.claim(sha256)
            super().save_model(request, obj, form, change)
            if sha256 and not change:
                known_files.enter(obj, sha256)
        if adapter().field("year") in form.changed_data and (note := year_note(obj)):
            self.message_user(request, note, messages.WARNING)
        others = visibility.visible_artworks(request).exclude(pk=obj.pk)
        known = known_files.works_with(sha256, others).first()
        if known is not None:
            self.message_user(
                request,
                format_html(
                    '{} <a href="{}">{}</a>',
                    gettext("The collection already had this file:"),
                    self._reverse("change", quote(known.pk)),
                    adapter().title(known),
                ),
                messages.WARNING,
            )
        deleted = known_files.works_with(sha256, trash.works_known_to(request)).first()
        if deleted is not None:
            text = gettext("This file is in the trash:")
            title = adapter().title(deleted)
            shown = format_html('{} <a href="{}">{}</a>', text, trash_address(deleted), title)
            self.message_user(request, shown, messages.WARNING)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        artwork = kwargs.get("obj")
        if artwork is not None:
            visible = visibility.visible_artworks(request)
            has_picture = thumbnails.has_picture(artwork)
            lane = RankingPageForm(request.GET).shown_lane
            chosen = {} if lane is lanes.registered()[0] else {"lane": lane.name}
            section = rank_section(
                artwork, lane, RankingOptions(), visible, visible, self._make_card
            )
            context |= {
                "stylesim_lanes": lanes.registered(),
                "stylesim_section": section,
                "stylesim_panels": places.admin_panels(request, artwork),
                "stylesim_facts": index_facts(artwork),
                "stylesim_waiting": is_waiting(artwork),
                "stylesim_large": self._picture_address(artwork, "large") if has_picture else "",
                "stylesim_surroundings": self._reverse("surroundings", quote(artwork.pk))
                if has_picture and self.has_change_permission(request, artwork)
                else "",
                "stylesim_similar": self._similar_address([artwork.pk], **chosen),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        return list_deleted(objs, request, self.admin_site, self.describe_deleted)

    def describe_deleted(self, artwork: Any) -> SafeString:
        """Return the picture and the title of a work, as a deletion lists it."""
        address = self._reverse("change", quote(artwork.pk))
        title = adapter().title(artwork)
        picture = self._picture_address(artwork, "small")
        shown = format_html('<img class="stylesim-thumbnail" src="{}" alt="">', picture)
        return format_html('{} <a href="{}">{}</a>', shown if picture else "", address, title)

    # Actions

    @admin.action(description=_("Find similar works"), permissions=["view"])
    def find_similar_works(
        self, request: HttpRequest, artworks: QuerySet[Any]
    ) -> HttpResponseRedirect:
        """Redirect to the page of similar works, whose URL can be shared; a table for several."""
        keys = list(artworks.values_list("pk", flat=True)[: MAX_ROWS + 1])
        page = "similar" if len(keys) == 1 else "similar_table"
        return HttpResponseRedirect(self._similar_address(keys, page))

    @admin.action(description=_("Index again"), permissions=["index"])
    def index_again(self, request: HttpRequest, artworks: QuerySet[Any]) -> None:
        """Request indexing of the selected works."""
        self.report_requested(request, request_artworks(artworks))

    # Additional pages

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("similar/", wrap(self.similar_view), name=self._url_name("similar")),
            path(
                "<str:object_id>/picture/<str:size>.jpg",
                wrap(self.thumbnail_view, cacheable=True),
                name=self._url_name("picture"),
            ),
            path(
                "<str:object_id>/surroundings/",
                wrap(self.surroundings_view),
                name=self._url_name("surroundings"),
            ),
            *super().get_urls(),
        ]

    def similar_view(self, request: HttpRequest) -> HttpResponse:
        """Show similar works for one or several queries, side by side, with a choice of weights."""
        artworks = self._read_chosen(request, MAX_QUERIES)
        form = RankingPageForm(request.GET)
        visible = visibility.visible_artworks(request)
        filters = artwork_filterset()(request.GET, queryset=visible)
        sections: list[Section] = []
        if form.is_valid() and filters.is_valid():
            rank = partial(
                rank_section,
                lane=form.chosen_lane(),
                options=form.options(),
                visible=visible,
                candidates=filters.qs,
                make_card=self._make_card,
                serving=form.serving,
            )
            sections = [rank(artwork) for artwork in artworks]
        context = {
            **self.admin_site.each_context(request),
            "title": make_title(artworks),
            "opts": self.opts,
            "media": self.media,
            "ids": join_keys(artwork.pk for artwork in artworks),
            "form": form,
            "lanes": lanes.registered(),
            "has_artist": (adapter().field("artist") is not None),
            "filtered": any(request.GET.get(name) for name in filters.filters),
            "filters": filters.form,
            "sections": sections,
        }
        return TemplateResponse(request, "admin/stylesim_app/similar_works.html", context)

    def thumbnail_view(self, request: HttpRequest, object_id: str, size: str) -> HttpResponseBase:
        """Return a small picture for staff; the admin needs neither pages nor served media."""
        return serve_thumbnail(request, self._get_visible(request, object_id), size)

    def surroundings_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show and save which part of a picture is compared."""
        artwork = self._get_visible(request, object_id)
        if not self.has_change_permission(request, artwork):
            raise PermissionDenied
        entry = IndexEntry.objects.filter(artwork=artwork).first()
        if entry is None:
            raise Http404
        form = SurroundingsForm(request.POST or None, initial=initial(entry))
        if request.method == "POST" and form.is_valid():
            rows = IndexEntry.objects.filter(pk=entry.pk)
            rows.update(chosen_box=form.chosen_box())
            self.report_requested(request, worklist.request_again(rows))
            return HttpResponseRedirect(self._reverse("change", quote(artwork.pk)))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Part that is compared"),
            "opts": self.opts,
            "form": form,
            "artwork": artwork,
            "box": Box(*(form.initial[name] for name in Box._fields)),
            "found": found_box(entry),
            "least": LEAST,
            "picture": self._reverse("picture", quote(artwork.pk), "medium"),
            "list_address": self._reverse("changelist"),
            "record_address": self._reverse("change", quote(artwork.pk)),
        }
        return TemplateResponse(request, "admin/stylesim_app/surroundings.html", context)


class ArtworkAdmin(TrashMixin, BulkEditMixin, SimilarWorksAdminMixin):
    """The admin of the app's own artworks and of models derived from ``AbstractArtwork``."""

    actions: Sequence[Any] = ("make_public", "make_private", "edit_facts")
    list_display = ("title", "artist", "year_shown", "accession_number", "is_public")
    list_filter = (
        "is_public",
        ("collection", FewValuesFilter),
        ("exhibition", FewValuesFilter),
        ("artist", FewValuesFilter),
        AccessionNumberFilter,
    )
    search_fields = TEXT_FACTS
    date_hierarchy = "created"
    list_per_page = 50
    readonly_fields = ("created", "modified")
    fieldsets = (
        (None, {"fields": ("title", "artist", ("year", "year_number"), "image", "is_public")}),
        (_("Object"), {"fields": ("medium", "dimensions")}),
        (
            _("Catalogue"),
            {"fields": ("accession_number", "collection", "exhibition", "rights")},
        ),
        (
            _("Additional fields"),
            {"fields": ("extra", "created", "modified"), "classes": ("collapse",)},
        ),
    )

    @admin.display(description=_("year"), ordering="year_number")
    def year_shown(self, artwork: AbstractArtwork) -> str:
        """Return the year as written; the column sorts by its number."""
        return artwork.year

    @admin.action(description=_("Make selected works public"), permissions=["change"])
    def make_public(self, request: HttpRequest, artworks: QuerySet[Any]) -> None:
        count = audit.record_update(artworks, is_public=True)
        said = ngettext("%(count)d work is now public.", "%(count)d works are now public.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Hide selected works from the public"), permissions=["change"])
    def make_private(self, request: HttpRequest, artworks: QuerySet[Any]) -> None:
        count = audit.record_update(artworks, is_public=False)
        said = ngettext(
            "%(count)d work is now hidden from the public.",
            "%(count)d works are now hidden from the public.",
            count,
        )
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def view_on_site(self, artwork: AbstractArtwork) -> str | None:
        """Return the URL of the artwork's page, or None if the site does not include the pages."""
        try:
            return artwork.get_absolute_url()
        except NoReverseMatch:
            return None
