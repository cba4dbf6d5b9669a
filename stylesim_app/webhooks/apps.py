"""The app of the webhooks, and its wiring."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "stylesim_app.webhooks"
    label = "stylesim_webhooks"
    verbose_name = _("Webhooks")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ..signals import recording, turn_ended
        from ..views import places
        from . import delivering, outbox, panel

        recording.connect(outbox.record, dispatch_uid="stylesim_webhooks")
        turn_ended.connect(delivering.take_turn, dispatch_uid="stylesim_webhooks")
        places.add_status_panel(panel.render)
