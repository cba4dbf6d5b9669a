"""The app of the pgvector store."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_delete
from django.utils.translation import gettext_lazy as _


class PgvectorConfig(AppConfig):
    name = "stylesim_app.stores.pgvector"
    label = "stylesim_pgvector"
    verbose_name = _("Similar works in pgvector")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ...models import CompactIndex
        from .hnsw import drop_indexes

        post_delete.connect(drop_indexes, sender=CompactIndex)
