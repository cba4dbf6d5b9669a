"""Checks of the queue and of what workers need."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

from ..conf import conf
from ..work import process


@register()
def check_weights(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    name = conf.weights
    if name in ("paintings", "imagenet"):
        return []
    path = Path(name)
    if path.suffix in (".safetensors", ".pth") and path.is_file():
        return []
    return [
        Error(
            f"STYLESIM_WEIGHTS is {name!r}, which is not a weights file.",
            hint="Use paintings, imagenet, or the path of a .safetensors or .pth file.",
            id="stylesim_app.E005",
        )
    ]


@register()
def check_queue(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Warn of times that do not fit together.

    django-q2 delivers a message again after ``retry`` seconds, even if it is being worked on.
    """
    cluster = getattr(settings, "Q_CLUSTER", {})
    retry = cluster.get("retry", 60)
    timeout = cluster.get("timeout")
    messages: list[CheckMessage] = []
    if timeout is None or retry <= timeout:
        messages.append(
            checks.Warning(
                f"Q_CLUSTER has retry {retry} and timeout {timeout}. retry must be greater than "
                "timeout, or tasks that are still running are started again.",
                hint='For example Q_CLUSTER = {"timeout": 600, "retry": 720, ...}.',
                id="stylesim_app.W002",
            )
        )
    if timeout is not None and timeout <= conf.task_seconds:
        messages.append(
            checks.Warning(
                f"Q_CLUSTER has timeout {timeout}, which is too short for tasks of "
                f"STYLESIM_TASK_SECONDS ({conf.task_seconds:g}).",
                hint="Raise the timeout well above STYLESIM_TASK_SECONDS.",
                id="stylesim_app.W003",
            )
        )
    return messages


@register()
def check_watchdog(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    try:
        usable = conf.watchdog_seconds >= 0
    except (TypeError, ValueError):
        usable = False
    if usable:
        return []
    return [
        Error(
            "STYLESIM_WATCHDOG_SECONDS must be a number of seconds, or 0, not "
            f"{getattr(settings, 'STYLESIM_WATCHDOG_SECONDS', None)!r}.",
            hint="Remove it to use the default; 0 turns the watchdog off.",
            id="stylesim_app.E015",
        )
    ]


@register()
def check_worker(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse to start a worker that cannot index; web processes need neither package."""
    lacking = [
        name
        for name, found in (
            ("PyTorch", process.has_torch()),
            ("OpenCV", process.has_opencv()),
            ("psutil", process.has_psutil()),
        )
        if not found
    ]
    if "qcluster" not in sys.argv[1:2] or not lacking:
        return []
    return [
        Error(
            f"This worker cannot index pictures without {' and '.join(lacking)}.",
            hint="Install the worker packages: pip install 'django-stylesim[worker]'.",
            id="stylesim_app.E010",
        )
    ]
