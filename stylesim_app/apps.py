"""The app and its wiring."""

from __future__ import annotations

from types import ModuleType

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from .conf import conf


class StylesimConfig(AppConfig):
    name = "stylesim_app"
    verbose_name = _("Similar works")
    default_auto_field = "django.db.models.BigAutoField"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        super().__init__(app_name, app_module)
        # Migrations look up a swappable model by the setting itself, so it has to exist.
        settings.STYLESIM_ARTWORK_MODEL = conf.artwork_model

    def ready(self) -> None:
        from . import checks, files  # noqa: F401  (checks registers itself)
        from .api import metrics
        from .index import search_keys, storage
        from .ranking import built_in, image_search
        from .signal_handlers import connect
        from .views import audit as audit_views
        from .views import menu, places, same_picture
        from .work import audit, kinds, watch
        from .work.queue import ensure_schedule

        files.guard_by(storage.require)
        connect()
        audit.connect()
        watch.connect()
        metrics.connect()
        menu.add_items()
        same_picture.add_panels()
        places.add_admin_panel(audit_views.render_history)
        built_in.register_lanes()
        kinds.register(kinds.ARTWORKS)
        kinds.register(image_search.SEARCHES)
        post_migrate.connect(ensure_schedule, sender=self)
        post_migrate.connect(search_keys.fill, sender=self)
        post_migrate.connect(storage.ensure_state, sender=self)
