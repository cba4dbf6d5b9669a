"""Webhooks in the admin: endpoints with a secret that is shown once, and the log of deliveries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..admin.index import ReadOnlyAdmin
from ..api.base import parse_key
from ..collection import visibility
from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..work import queue
from . import delivering, outbox
from .models import EVENTS, OVERLAP, Delivery, Endpoint, Event

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Endpoint]
    BaseForm = forms.ModelForm[Endpoint]
else:
    BaseAdmin = admin.ModelAdmin
    BaseForm = forms.ModelForm


class EndpointForm(BaseForm):
    """The address of an endpoint, and the events that it gets."""

    events = forms.MultipleChoiceField(
        choices=[(event.value, event.label) for event in EVENTS],
        initial=[event.value for event in EVENTS],
        label=_("Events"),
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Endpoint
        fields = ("name", "url", "events", "enabled")
        widgets = {"url": forms.URLInput(attrs={"class": "vURLField", "size": 60})}


@admin.register(Endpoint)
class EndpointAdmin(BaseAdmin):
    """The admin of endpoints."""

    form = EndpointForm
    actions = ("send_test",)
    list_display = ("name", "url", "condition", "owner", "last_success", "failing_since")
    list_filter = ("enabled",)
    list_select_related = ("owner",)
    search_fields = ("name", "url")
    fields = ("name", "url", "events", "enabled", "condition", "owner", "last_success")
    readonly_fields = ("condition", "owner", "last_success")
    change_form_template = "admin/stylesim_webhooks/endpoint_change_form.html"

    class Media:
        css = {"all": ("stylesim_app/admin.css",)}

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields if obj is not None else self.fields[:4]

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        name = "stylesim_webhooks_endpoint_secret"
        return [path("<path:pk>/secret/", wrap(self.secret_view), name=name), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        # Events tell what the owner may see, so a person cannot redirect those of another.
        obj.owner = request.user  # type: ignore[assignment]
        if obj.enabled and "enabled" in form.changed_data and change:
            delivering.enable(obj)
        elif not obj.enabled:
            obj.disabled_at = obj.failing_since = None
            obj.save()
        else:
            super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Endpoint, *args: Any) -> HttpResponse:
        if "_popup" in request.POST:
            return super().response_add(request, obj, *args)
        return self._show_secret(request, obj, obj.secret)

    def secret_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """Ask whether to make a new secret, and show it once."""
        endpoint = self.get_object(request, unquote(pk))
        if endpoint is None:
            raise Http404
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        if request.method != "POST":
            return self._show_secret(request, endpoint, "")
        endpoint.rotate_secret()
        self.log_change(request, endpoint, gettext("New secret"))
        return self._show_secret(request, endpoint, endpoint.secret)

    def _show_secret(self, request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
        response = TemplateResponse(
            request,
            "admin/stylesim_webhooks/secret.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "media": self.media,
                "title": gettext("Signing secret"),
                "original": endpoint,
                "secret": secret,
                "hours": OVERLAP // timedelta(hours=1),
                "address": reverse(
                    "admin:stylesim_webhooks_endpoint_change",
                    args=[quote(endpoint.pk)],
                    current_app=self.admin_site.name,
                ),
            },
        )
        add_never_cache_headers(response)
        return response

    @admin.display(description=_("condition"))
    def condition(self, endpoint: Endpoint) -> SafeString:
        """Return whether the endpoint gets its events."""
        kind, words = "indexed", gettext("enabled")
        if endpoint.disabled_at:
            kind, words = "failed", gettext("disabled after failing for days")
        elif not endpoint.enabled:
            kind, words = "pending", gettext("disabled")
        elif endpoint.failing_since:
            kind, words = "stale", gettext("failing")
        return format_html('<span class="stylesim-state stylesim-{}">{}</span>', kind, words)

    @admin.action(description=_("Send a test event"), permissions=["change"])
    def send_test(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        """Enter a test event for the chosen endpoints that are enabled."""
        chosen = list(endpoints.filter(enabled=True))
        Endpoint.objects.filter(pk__in=[each.pk for each in chosen]).update(paused_until=None)
        outbox.enter(Event.TEST, chosen)
        transaction.on_commit(queue.ring, robust=True)
        text = ngettext(
            "A worker will send a test event to %(count)d webhook.",
            "A worker will send a test event to %(count)d webhooks.",
            len(chosen),
        )
        self.message_user(request, text % {"count": len(chosen)}, messages.SUCCESS)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """The log of deliveries, for those who may see all artworks that it names."""

    actions = ("send_again",)
    list_display = (
        "event",
        "artwork_title",
        "state_shown",
        "created",
        "endpoint",
        "next_attempt",
    )
    list_filter = ("state", "event", "endpoint")
    list_select_related = ("endpoint",)
    search_fields = ("event_id", "artwork_key")
    date_hierarchy = "created"
    fields = (
        "event",
        "event_id",
        "artwork_title",
        "endpoint",
        "state_shown",
        "response_code",
        "attempts",
        "next_attempt",
        "created",
        "finished_at",
    )

    def has_view_permission(self, request: HttpRequest, row: Any = None) -> bool:
        return super().has_view_permission(request, row) and visibility.sees_all(request)

    def has_delete_permission(self, request: HttpRequest, _row: Any = None) -> bool:
        # Deliveries are deleted with their endpoint.
        return bool(request.user.has_perm("stylesim_webhooks.delete_endpoint"))

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may send events again."""
        return bool(request.user.has_perm("stylesim_webhooks.change_endpoint"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list, whose rows know their artworks."""
        found: Any = super().get_changelist_instance(request)
        rows = list(found.result_list)
        artworks = _artworks_of(rows)
        for row in rows:
            row.artwork = artworks.get(row.artwork_key)
        found.result_list = rows
        return found

    @admin.display(description=_("artwork"), empty_value="-")
    def artwork_title(self, delivery: Delivery) -> str | None:
        """Return the title of the artwork, or its key if it is gone."""
        known = {delivery.artwork_key: delivery.artwork} if hasattr(delivery, "artwork") else None
        artwork = (_artworks_of([delivery]) if known is None else known).get(delivery.artwork_key)
        if artwork is not None:
            return adapter().title(artwork)
        return f"({delivery.artwork_key})" if delivery.artwork_key else None

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, delivery: Delivery) -> SafeString:
        """Return the state, with the reason and the status code of an attempt that failed."""
        kinds = {"delivered": "indexed", "failed": "failed"}
        words = delivery.get_problem_display()
        if words and delivery.response_code:
            words = f"{words} ({delivery.response_code})"
        return format_html(
            '<span class="stylesim-state stylesim-{}">{}</span>{}',
            kinds.get(delivery.state, delivery.state),
            delivery.get_state_display(),
            format_html(' <span class="stylesim-reason">{}</span>', words) if words else "",
        )

    @admin.display(description=_("next attempt"), ordering="due_at")
    def next_attempt(self, delivery: Delivery) -> Any:
        """Return when a waiting delivery is tried next."""
        if delivery.state != Delivery.State.PENDING:
            return self.get_empty_value_display()
        return max(delivery.due_at, timezone.now())

    @admin.action(description=_("Send again"), permissions=["send"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        """Enter the chosen deliveries again."""
        count = delivering.send_again(deliveries.order_by())
        transaction.on_commit(queue.ring, robust=True)
        text = ngettext(
            "%(count)d event will be sent again.", "%(count)d events will be sent again.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)


def _artworks_of(deliveries: Iterable[Delivery]) -> dict[str, Any]:
    """Return the artworks of deliveries by their keys as written."""
    keys = {each.artwork_key: parse_key(each.artwork_key) for each in deliveries}
    known = [key for key in keys.values() if key is not None]
    artworks = get_artwork_model()._default_manager.filter(pk__in=known)
    return {str(each.pk): each for each in artworks}
