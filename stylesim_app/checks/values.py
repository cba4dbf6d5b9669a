"""Checks of settings that are numbers, choices or addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from ..conf import conf

#: Positive numbers, by the name of the setting and the property that reads it.
POSITIVE = {
    "STYLESIM_BATCH_SIZE": "batch_size",
    "STYLESIM_MAX_UPLOAD_MB": "max_upload_mb",
    "STYLESIM_MAX_PIXELS": "max_pixels",
    "STYLESIM_DECODER_SECONDS": "decoder_seconds",
    "STYLESIM_DECODER_MEMORY_MB": "decoder_memory_mb",
    "STYLESIM_MAX_RESULTS": "max_results",
    "STYLESIM_REFINE": "refine",
    "STYLESIM_MAX_ATTEMPTS": "max_attempts",
    "STYLESIM_LEASE_SECONDS": "lease_seconds",
    "STYLESIM_TASK_SECONDS": "task_seconds",
    "STYLESIM_SEARCH_LIFETIME_HOURS": "search_lifetime_hours",
    "STYLESIM_ORPHAN_GRACE_HOURS": "orphan_grace_hours",
    "STYLESIM_VERIFY_DAYS": "verify_days",
}
MAX_DAYS = 36_500
#: Numbers of days, zero included.
DAYS = {
    "STYLESIM_AUDIT_DAYS": "audit_days",
    "STYLESIM_KEEP_REMOVED_DAYS": "keep_removed_days",
    "STYLESIM_TOMBSTONE_DAYS": "tombstone_days",
    "STYLESIM_TRASH_DAYS": "trash_days",
    "STYLESIM_WEBHOOK_DAYS": "webhook_days",
}
PRECISIONS = ("auto", "bfloat16", "float32")
DOWNLOADS = ("off", "thumbnail", "original")


@register()
def check_numbers(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for name, attribute in POSITIVE.items():
        try:
            positive = getattr(conf, attribute) > 0
        except (TypeError, ValueError):
            positive = False
        if not positive:
            messages.append(
                Error(
                    f"{name} must be a number above zero, not {getattr(settings, name)!r}.",
                    hint="Remove it to use the default.",
                    id="stylesim_app.E006",
                )
            )
    return messages


@register()
def check_days(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    for name, attribute in DAYS.items():
        try:
            usable = 0 <= getattr(conf, attribute) <= MAX_DAYS
        except (TypeError, ValueError):
            usable = False
        if not usable:
            messages.append(
                Error(
                    f"{name} must be a number of days from 0 to {MAX_DAYS:,}, not "
                    f"{getattr(settings, name)!r}.",
                    hint="Remove it to use the default.",
                    id="stylesim_app.E016",
                )
            )
    return messages


@register()
def check_crop_borders(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    value = getattr(settings, "STYLESIM_CROP_BORDERS", True)
    if isinstance(value, bool):
        return []
    return [
        Error(
            f"STYLESIM_CROP_BORDERS must be True or False, not {value!r}.",
            hint="Remove it to leave uniform borders and colour charts out of the comparison.",
            id="stylesim_app.E014",
        )
    ]


@register()
def check_precision(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if conf.precision in PRECISIONS:
        return []
    return [
        Error(
            f"STYLESIM_PRECISION is {conf.precision!r}, which is not a precision.",
            hint=f"Use one of {', '.join(PRECISIONS)}.",
            id="stylesim_app.E007",
        )
    ]


@register()
def check_downloads(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    if conf.downloads in DOWNLOADS:
        return []
    return [
        Error(
            f"STYLESIM_DOWNLOADS is {conf.downloads!r}, which visitors cannot be offered.",
            hint=f"Use one of {', '.join(DOWNLOADS)}.",
            id="stylesim_app.E019",
        )
    ]


@register()
def check_webhooks(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    messages: list[CheckMessage] = []
    if conf.site_url and not conf.site_url.startswith(("https://", "http://")):
        messages.append(
            Error(
                f"STYLESIM_SITE_URL is {conf.site_url!r}, which is not the address of a site.",
                hint="Set it to the address of the site, such as https://works.example.org.",
                id="stylesim_app.E017",
            )
        )
    private = getattr(settings, "STYLESIM_WEBHOOKS_PRIVATE", False)
    if not isinstance(private, bool):
        messages.append(
            Error(
                f"STYLESIM_WEBHOOKS_PRIVATE must be True or False, not {private!r}.",
                hint="Remove it to post to public addresses only.",
                id="stylesim_app.E018",
            )
        )
    return messages
