"""The demo as an app of the reference site, so that its command is found."""

from __future__ import annotations

from pathlib import Path

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "project.demo"
    verbose_name = "Demo"

    def ready(self) -> None:
        from stylesim_app.evaluation import sources

        sources.register("gallery", _locate_gallery)


def _locate_gallery() -> Path:
    """Return the manifest of the sample gallery, whose missing pictures are drawn."""
    # It loads the models.
    from project.demo.collection import draw_gallery

    return draw_gallery(iter)
