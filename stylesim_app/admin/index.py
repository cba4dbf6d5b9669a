"""The index in the admin: entries, descriptor sets, calibrations and workers; all read-only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..collection import visibility
from ..collection.adapter import adapter
from ..collection.keys import RELATION
from ..index.status import is_running
from ..messages import translate_notes
from ..models import Calibration, DescriptorSet, IndexEntry, WorkerSign
from ..work import audit, worklist
from .again import IndexAgainMixin
from .searching import SearchMixin
from .states import badge

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin


class ReadOnlyAdmin(BaseAdmin):
    """An admin of rows that only workers write."""

    class Media:
        css = {"all": ("stylesim_app/admin.css",)}

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        return False


class IndexEntryAdmin(SearchMixin, IndexAgainMixin, ReadOnlyAdmin):
    """The admin of the work list: waiting and failed works, with the reasons of failures."""

    actions = ("index_again",)
    list_display = ("artwork_title", "state_shown", "attempts", "requested_at", "indexed_at")
    list_filter = ("state", "requested_at", "indexed_at")
    date_hierarchy = "requested_at"
    ordering = ("-requested_at", "-pk")
    fields = (
        "artwork_link",
        "state_shown",
        "detail_shown",
        "attempts",
        "requested_at",
        "indexed_at",
        "image_name",
        "image_sha256",
        "notes_shown",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[IndexEntry]:
        visible = visibility.visible_artworks(request).order_by().values("pk")
        entries: QuerySet[IndexEntry] = super().get_queryset(request)
        return entries.filter(artwork__in=visible).select_related("artwork")

    search_fields = ("image_name", "image_sha256", "error")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the entries with these words, or of artworks with them."""
        of_artworks = self.search_in_keys(request, queryset, search_term, f"artwork__{RELATION}")
        if not of_artworks.exists() and self.is_bounded(search_term):
            return super().get_search_results(request, queryset, search_term)
        return of_artworks, False

    def has_delete_permission(self, request: HttpRequest, _row: Any = None) -> bool:
        # Entries are deleted with their artwork; only the permission to delete that is needed.
        return visibility.may(request.user, "delete")

    def delete_view(self, *_args: Any, **_kwargs: Any) -> HttpResponse:
        # The page would list the neighbours, and a worker would recreate the entry.
        raise PermissionDenied

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # A worker would recreate the entry within a minute.
        context["show_delete"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("artwork"))
    def artwork_title(self, entry: IndexEntry) -> str:
        """Return the title of the artwork as the link to the entry."""
        return adapter().title(entry.artwork)

    @admin.display(description=_("artwork"))
    def artwork_link(self, entry: IndexEntry) -> SafeString | str:
        """Return the title of the artwork, as a link where its model is in this admin."""
        options = entry.artwork._meta
        title = adapter().title(entry.artwork)
        try:
            address = reverse(
                f"admin:{options.app_label}_{options.model_name}_change",
                args=[quote(entry.artwork.pk)],
                current_app=self.admin_site.name,
            )
        except NoReverseMatch:
            return title
        return format_html('<a href="{}">{}</a>', address, title)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, entry: IndexEntry) -> SafeString:
        """Return the state, with the reason of a failure."""
        return badge(entry)

    @admin.display(description=_("technical detail"))
    def detail_shown(self, entry: IndexEntry) -> str:
        """Return the words of the library that failed."""
        return entry.detail or self.get_empty_value_display()

    @admin.display(description=_("notes"))
    def notes_shown(self, entry: IndexEntry) -> str:
        """Return the notes on how the picture was read."""
        return translate_notes(entry.notes) or self.get_empty_value_display()

    @admin.action(description=_("Index again"), permissions=["index"])
    def index_again(self, request: HttpRequest, entries: QuerySet[IndexEntry]) -> None:
        """Request indexing of the selected works."""
        audit.record_asked_again(entries)
        self.report_requested(request, worklist.request_again(entries.order_by()))


class CollectionAdmin(ReadOnlyAdmin):
    """An admin of rows with figures of the entire collection, for those who may see all of it."""

    def has_view_permission(self, request: HttpRequest, row: Any = None) -> bool:
        return super().has_view_permission(request, row) and visibility.sees_all(request)


class DescriptorSetAdmin(ReadOnlyAdmin):
    """The admin of descriptor sets, each made by one network."""

    list_display = ("__str__", "serving", "retired", "described", "calibrated_on", "created")
    fields = ("serving", "retired", "described", "calibrated_on", "made_by", "created")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DescriptorSet]:
        sets: QuerySet[DescriptorSet] = super().get_queryset(request)
        visible = visibility.visible_artworks(request).order_by()
        seen = Q(Exists(visible.filter(pk=OuterRef("descriptors__entry__artwork"))))
        calibrations = Calibration.objects.all()
        if not visibility.sees_all(request):
            calibrations = calibrations.none()
        return sets.annotate(described=Count("descriptors", filter=seen)).prefetch_related(
            Prefetch("calibrations", calibrations)
        )

    @admin.display(description=_("indexed works"), ordering="described")
    def described(self, row: Any) -> int:
        """Return the number of works that have a descriptor in the set."""
        count: int = row.described
        return count

    @admin.display(description=_("works at last calibration"))
    def calibrated_on(self, row: DescriptorSet) -> int | str:
        """Return the number of works at the latest calibration."""
        sizes = {
            calibration.pk: calibration.collection_size for calibration in row.calibrations.all()
        }
        return sizes[max(sizes)] if sizes else self.get_empty_value_display()

    @admin.display(description=_("provenance"))
    def made_by(self, row: DescriptorSet) -> SafeString:
        """Return the provenance of the descriptors."""
        return format_html(
            '<pre class="stylesim-plain">{}</pre>', json.dumps(row.provenance, indent=2)
        )


class CalibrationAdmin(CollectionAdmin):
    """The admin of calibrations, the basis of “closer than … of random pairs”."""

    list_display = ("__str__", "collection_size", "sample_size", "created")
    fields = ("collection_size", "sample_size", "created")
    list_select_related = ("descriptor_set",)


class CompactIndexAdmin(CollectionAdmin):
    """The admin of compact indexes: their stores, and whether they can be searched."""

    list_display = ("__str__", "store", "collection_size", "created", "ready_at")
    fields = ("store", "collection_size", "created", "ready_at")
    list_select_related = ("descriptor_set",)


class StorageStateAdmin(ReadOnlyAdmin):
    """The admin of the private storage: what is wrong with it, and its last complete check."""

    list_display = ("__str__", "problem", "since", "checked", "pass_ended_at")
    fields = ("problem", "reason", "since", "checked", "pass_ended_at")


class StorageFindingAdmin(ReadOnlyAdmin):
    """The admin of what the checks of the storage found."""

    list_display = ("name", "place", "kind", "found_at")
    list_filter = ("kind", "place")
    fields = ("name", "place", "kind", "reason", "found_at")


class WorkerSignAdmin(ReadOnlyAdmin):
    """The admin of workers, with the last sign of life of each process."""

    list_display = ("host", "pid", "state", "seen_at", "alive", "weights", "version")
    fields = (
        "host",
        "pid",
        "cluster_pid",
        "state",
        "started_at",
        "seen_at",
        "alive",
        "weights",
        "version",
    )

    @admin.display(description=_("running"), boolean=True)
    def alive(self, sign: WorkerSign) -> bool:
        """Return whether the worker gave its last sign of life when it was due."""
        return is_running(sign)
