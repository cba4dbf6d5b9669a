"""The app and its wiring."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "project.access"
    verbose_name = _("Access")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import origins, schema  # noqa: F401  (schema registers itself)

        origins.connect()
        # It has no name for people.
        apps.get_app_config("axes").verbose_name = _("Login attempts")
        post_migrate.connect(make_cache_table, sender=self)


def make_cache_table(using: str, **_: Any) -> None:
    """Create the table in which the limits of callers are counted, if it is not there."""
    call_command("createcachetable", database=using, verbosity=0)
