"""The settings of the app, ``STYLESIM_*``, read on every access."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class Conf:
    """One typed property for each setting, as documented in ``docs/reference/settings.md``."""

    @property
    def artwork_model(self) -> str:
        return str(getattr(settings, "STYLESIM_ARTWORK_MODEL", "stylesim_app.Artwork"))

    @property
    def artwork_image_field(self) -> str:
        return str(getattr(settings, "STYLESIM_ARTWORK_IMAGE_FIELD", "image"))

    @property
    def artwork_adapter(self) -> Any:
        path = getattr(
            settings,
            "STYLESIM_ARTWORK_ADAPTER",
            "stylesim_app.collection.adapter.ArtworkAdapter",
        )
        return import_string(path)

    @property
    def visible_artworks(self) -> Callable[[HttpRequest], QuerySet[Any]]:
        path = getattr(
            settings,
            "STYLESIM_VISIBLE_ARTWORKS",
            "stylesim_app.collection.visibility.public_or_staff",
        )
        hook: Callable[[HttpRequest], QuerySet[Any]] = (
            import_string(path) if isinstance(path, str) else path
        )
        return hook

    @property
    def weights(self) -> str:
        return str(getattr(settings, "STYLESIM_WEIGHTS", "paintings"))

    @property
    def model_dir(self) -> Path:
        default = Path.home() / ".cache" / "stylesim"
        return Path(getattr(settings, "STYLESIM_MODEL_DIR", default))

    @property
    def precision(self) -> str:
        return str(getattr(settings, "STYLESIM_PRECISION", "auto"))

    @property
    def device(self) -> str:
        return str(getattr(settings, "STYLESIM_DEVICE", "auto"))

    @property
    def batch_size(self) -> int:
        return int(getattr(settings, "STYLESIM_BATCH_SIZE", 4))

    @property
    def max_upload_mb(self) -> float:
        return float(getattr(settings, "STYLESIM_MAX_UPLOAD_MB", 50))

    @property
    def max_pixels(self) -> int:
        return int(getattr(settings, "STYLESIM_MAX_PIXELS", 100_000_000))

    @property
    def decoder_seconds(self) -> float:
        return float(getattr(settings, "STYLESIM_DECODER_SECONDS", 30))

    @property
    def decoder_memory_mb(self) -> float:
        return float(getattr(settings, "STYLESIM_DECODER_MEMORY_MB", 2000))

    @property
    def max_results(self) -> int:
        return int(getattr(settings, "STYLESIM_MAX_RESULTS", 100))

    @property
    def crop_borders(self) -> bool:
        return bool(getattr(settings, "STYLESIM_CROP_BORDERS", True))

    @property
    def store(self) -> str:
        return str(getattr(settings, "STYLESIM_STORE", "embedded"))

    @property
    def cache_dir(self) -> Path:
        default = Path.home() / ".cache" / "stylesim" / "tables"
        return Path(getattr(settings, "STYLESIM_CACHE_DIR", default))

    @property
    def refine(self) -> int:
        return int(getattr(settings, "STYLESIM_REFINE", 200))

    @property
    def max_attempts(self) -> int:
        return int(getattr(settings, "STYLESIM_MAX_ATTEMPTS", 3))

    @property
    def lease_seconds(self) -> float:
        return float(getattr(settings, "STYLESIM_LEASE_SECONDS", 120))

    @property
    def task_seconds(self) -> float:
        return float(getattr(settings, "STYLESIM_TASK_SECONDS", 60))

    @property
    def trash_days(self) -> float:
        return float(getattr(settings, "STYLESIM_TRASH_DAYS", 30))

    @property
    def keep_removed_days(self) -> float:
        return float(getattr(settings, "STYLESIM_KEEP_REMOVED_DAYS", 0))

    @property
    def tombstone_days(self) -> float:
        return float(getattr(settings, "STYLESIM_TOMBSTONE_DAYS", 90))

    @property
    def audit_days(self) -> float:
        return float(getattr(settings, "STYLESIM_AUDIT_DAYS", 730))

    @property
    def watchdog_seconds(self) -> float:
        return float(getattr(settings, "STYLESIM_WATCHDOG_SECONDS", 40))

    @property
    def metrics_token(self) -> str:
        return str(getattr(settings, "STYLESIM_METRICS_TOKEN", ""))

    @property
    def search_lifetime_hours(self) -> float:
        return float(getattr(settings, "STYLESIM_SEARCH_LIFETIME_HOURS", 24))

    @property
    def orphan_grace_hours(self) -> float:
        return float(getattr(settings, "STYLESIM_ORPHAN_GRACE_HOURS", 24))

    @property
    def verify_days(self) -> float:
        return float(getattr(settings, "STYLESIM_VERIFY_DAYS", 7))

    @property
    def search_throttle(self) -> str:
        return str(getattr(settings, "STYLESIM_SEARCH_THROTTLE", "30/minute"))

    @property
    def custom_weights_throttle(self) -> str:
        return str(getattr(settings, "STYLESIM_CUSTOM_WEIGHTS_THROTTLE", "60/minute"))

    @property
    def facets_throttle(self) -> str:
        return str(getattr(settings, "STYLESIM_FACETS_THROTTLE", "60/minute"))

    @property
    def throttle_cache(self) -> str:
        return str(getattr(settings, "STYLESIM_THROTTLE_CACHE", "default"))

    @property
    def downloads(self) -> str:
        return str(getattr(settings, "STYLESIM_DOWNLOADS", "off"))

    @property
    def site_url(self) -> str:
        return str(getattr(settings, "STYLESIM_SITE_URL", ""))

    @property
    def webhooks_private(self) -> bool:
        return bool(getattr(settings, "STYLESIM_WEBHOOKS_PRIVATE", False))

    @property
    def webhook_days(self) -> float:
        return float(getattr(settings, "STYLESIM_WEBHOOK_DAYS", 30))


conf = Conf()
