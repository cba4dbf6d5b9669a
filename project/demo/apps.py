"""The demo as an app of the reference site, so that its command is found."""

from __future__ import annotations

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "project.demo"
    verbose_name = "Demo"
