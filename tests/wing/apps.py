"""The registrations of the wing."""

from __future__ import annotations

from django.apps import AppConfig


class WingConfig(AppConfig):
    name = "tests.wing"
    label = "wing"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from stylesim_app.ranking import lanes
        from stylesim_app.signals import artwork_indexed
        from stylesim_app.views import places
        from stylesim_app.work import kinds

        from . import lane, tones

        lanes.register(lane.MeanColour())
        kinds.register(tones.TONES)
        artwork_indexed.connect(tones.ask_for_tone, dispatch_uid="wing")
        places.add_menu_item(places.MenuItem("Tones", "wing:tones", allowed=tones.is_staff))
        places.add_result_block(tones.show_result)
        places.add_artwork_panel(tones.show_artwork)
        places.add_admin_panel(tones.show_record)
