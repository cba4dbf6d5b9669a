"""The panel on the page on the state of the index: webhooks that fail or were disabled."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import HttpRequest
from django.template.loader import render_to_string

from .models import Delivery, Endpoint


def render(request: HttpRequest) -> str:
    """Return the panel, empty for those who may not see webhooks and where none needs a person."""
    if not request.user.has_perm("stylesim_webhooks.view_endpoint"):
        return ""
    waiting = Count("deliveries", filter=Q(deliveries__state=Delivery.State.PENDING))
    troubled = Endpoint.objects.filter(
        Q(disabled_at__isnull=False) | Q(failing_since__isnull=False)
    ).annotate(waiting=waiting)
    if not troubled:
        return ""
    context = {"webhooks": troubled}
    return render_to_string("admin/stylesim_webhooks/status_panel.html", context, request)
