"""The trash in the admin: deleted works, which are restored or deleted for good."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..collection import thumbnails
from ..conf import conf
from ..views.pictures import placeholder_url, serve_thumbnail
from ..work import trash

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = admin.ModelAdmin

PAGE_SIZE = 100

#: The attribute of a request with the number of works that it moved to the trash.
_MOVED = "stylesim_moved"


class TrashMixin(BaseAdmin):
    """Deletion into the trash, for the model that has one, and the page of the trash."""

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        return [
            path("trash/", wrap(self.trash_view), name=self._url_name("trash")),
            path(
                "trash/<str:object_id>/picture.jpg",
                wrap(self.trash_picture_view, cacheable=True),
                name=self._url_name("trash_picture"),
            ),
            *super().get_urls(),
        ]

    def has_trash(self) -> bool:
        """Return whether deleted works of this model go to the trash."""
        return trash.is_in_use() and self.model is trash.works().model

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        is_filled = trash.works().exists() and trash.works_known_to(request).exists()
        address = self._reverse("trash") if is_filled else ""
        return super().changelist_view(
            request, {"stylesim_trash": address, **(extra_context or {})}
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return the works alone if they go to the trash, since nothing else changes then."""
        if not self.has_trash():
            return super().get_deleted_objects(objs, request)
        titles = [self.describe_deleted(artwork) for artwork in objs]
        return titles, {str(self.opts.verbose_name_plural): len(titles)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        if not self.has_trash():
            super().delete_model(request, obj)
            return
        self._move_to_trash(request, [obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        if not self.has_trash():
            super().delete_queryset(request, queryset)
            return
        self._move_to_trash(request, list(queryset.values_list("pk", flat=True)))

    def message_user(
        self,
        request: HttpRequest,
        message: Any,
        level: Any = messages.INFO,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Report works that were moved to the trash, where Django calls them deleted."""
        moved = getattr(request, _MOVED, 0)
        if moved and level == messages.SUCCESS:
            message = self._moved_words(moved)
        super().message_user(request, message, level, *args, **kwargs)

    def trash_view(self, request: HttpRequest) -> HttpResponse:
        """List the works in the trash; restore chosen ones, or delete them once confirmed."""
        if not self.has_delete_permission(request) or not trash.exists():
            raise PermissionDenied
        works = trash.works_known_to(request).select_related("stylesim_entry")
        chosen = works.filter(pk__in=_valid(request.POST.getlist("work")))
        asked = _valid(request.GET.getlist("work"))
        confirming = False
        if request.method == "POST" and chosen.exists():
            if "restore" in request.POST:
                self._report(request, "restored", trash.restore(chosen.order_by()))
                return HttpResponseRedirect(self._reverse("trash"))
            if "confirmed" in request.POST:
                count = chosen.count()
                kept = trash.delete(chosen)
                self._report(request, "deleted", count - len(kept))
                if kept:
                    self._report_kept(request, kept)
                return HttpResponseRedirect(self._reverse("trash"))
            confirming = True
        elif request.method == "POST":
            self.message_user(request, _("Choose at least one work."), messages.WARNING)
        if asked:
            works = works.filter(pk__in=asked)
        page = Paginator(chosen if confirming else works, PAGE_SIZE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete for good") if confirming else _("Trash"),
            "opts": self.opts,
            "media": self.media,
            "confirming": confirming,
            "only_some": bool(asked),
            "page": page,
            "cards": [self._card(each) for each in (chosen if confirming else page.object_list)],
            "trash_address": self._reverse("trash"),
            "list_address": self._reverse("changelist"),
            "days": conf.trash_days,
        }
        return TemplateResponse(request, "admin/stylesim_app/trash.html", context)

    def trash_picture_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Return a small picture of a work in the trash."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        found = trash.works_known_to(request).filter(pk__in=_valid([unquote(object_id)]))
        artwork = found.first()
        if artwork is None:
            raise Http404
        return serve_thumbnail(request, artwork, "small")

    def _card(self, artwork: Any) -> dict[str, Any]:
        return {
            "artwork": artwork,
            "picture": self._reverse("trash_picture", quote(artwork.pk))
            if thumbnails.has_picture(artwork)
            else placeholder_url(),
            "until": artwork.trashed_at + timedelta(days=conf.trash_days),
        }

    def _move_to_trash(self, request: HttpRequest, keys: list[Any]) -> None:
        moved = trash.move(self.model._base_manager.filter(pk__in=keys))
        setattr(request, _MOVED, moved)

    def _moved_words(self, moved: int) -> SafeString:
        done = ngettext(
            "Moved %(count)d work to the trash.", "Moved %(count)d works to the trash.", moved
        )
        link = format_html('<a href="{}">{}</a>', self._reverse("trash"), _("Open the trash"))
        said = ngettext(
            "Deleted works stay in the trash for %(days)g day.",
            "Deleted works stay in the trash for %(days)g days.",
            round(conf.trash_days),
        )
        return format_html(
            "{} {} {}", done % {"count": moved}, said % {"days": conf.trash_days}, link
        )

    def _report(self, request: HttpRequest, what: str, count: int) -> None:
        if what == "restored":
            said = ngettext("Restored %(count)d work.", "Restored %(count)d works.", count)
        else:
            said = ngettext(
                "Deleted %(count)d work for good.", "Deleted %(count)d works for good.", count
            )
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def _report_kept(self, request: HttpRequest, kept: list[Any]) -> None:
        titles = ", ".join(map(str, kept))
        said = _("Other records refer to these works, which stay in the trash: %(titles)s")
        self.message_user(request, said % {"titles": titles}, messages.WARNING)

    if TYPE_CHECKING:

        def describe_deleted(self, artwork: Any) -> SafeString: ...

        def _url_name(self, page: str) -> str: ...

        def _reverse(self, page: str, *args: Any) -> str: ...


def _valid(keys: list[str]) -> list[int]:
    """Return those that can be keys: only the app's own model has a trash, with numbers."""
    return [int(key) for key in keys if key.isascii() and key.isdecimal() and len(key) < 19]
