"""Search keys of artworks, and numbers of years as they are read now."""

import re
from typing import Any

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

from ..collection.swapping import get_artwork_model_string
from ..collection.years import parse_year

_BEFORE_CHRIST = re.compile(r"\b(\d{1,4})\s*(?:BCE?|B\.\s?C\.)|公元前\s*(\d{1,4})", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(\d{4})(?!\d)")
_CENTURY = re.compile(r"(\d{1,2})(?:(?:st|nd|rd|th)\s+c|\s*世纪)", re.IGNORECASE)


def parse_year_before(text: str) -> int | None:
    """Return the number that a text was given before this migration."""
    if found := _BEFORE_CHRIST.search(text):
        return -int(found[1] or found[2])
    if found := _YEAR.search(text):
        return int(found[1])
    if found := _CENTURY.search(text):
        return int(found[1]) * 100 - 50
    digits = text.strip()
    return int(digits) if digits.isdecimal() and len(digits) < 4 else None


def correct_numbers(apps: Any, schema_editor: Any) -> None:
    """Read the texts again, except where a person entered another number."""
    artwork_model = apps.get_model("stylesim_app", "Artwork")
    if artwork_model._meta.swapped:
        return
    artworks = artwork_model._default_manager.using(schema_editor.connection.alias)
    changed = []
    for artwork in artworks.exclude(year="").only("year", "year_number").iterator(1000):
        number = parse_year(artwork.year)
        if artwork.year_number != number and artwork.year_number == parse_year_before(artwork.year):
            artwork.year_number = number
            changed.append(artwork)
    artworks.bulk_update(changed, ["year_number"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0007_imports"),
    ]

    operations = [
        migrations.AlterField(
            model_name="artwork",
            name="year_number",
            field=models.IntegerField(
                blank=True,
                db_index=True,
                help_text="For sorting and filters. Leave empty to take it from the year.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(-999999),
                    django.core.validators.MaxValueValidator(9999),
                ],
                verbose_name="year as a number",
            ),
        ),
        migrations.RunPython(correct_numbers, migrations.RunPython.noop),
        # The keys themselves are written after the migrations, by ``index.search_keys``.
        migrations.CreateModel(
            name="SearchKeys",
            fields=[
                (
                    "artwork",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="stylesim_keys",
                        serialize=False,
                        to=get_artwork_model_string(),
                        verbose_name="artwork",
                    ),
                ),
                ("text", models.TextField(blank=True)),
                ("artist", models.TextField(blank=True)),
                ("medium", models.TextField(blank=True)),
                ("collection", models.TextField(blank=True)),
                ("exhibition", models.TextField(blank=True)),
                ("title_key", models.BinaryField(null=True)),
                ("artist_key", models.BinaryField(null=True)),
                ("year", models.IntegerField(null=True)),
                ("earliest", models.IntegerField(null=True)),
                ("latest", models.IntegerField(null=True)),
                ("source", models.CharField(max_length=32)),
            ],
            options={
                "verbose_name": "search keys",
                "verbose_name_plural": "search keys",
                "indexes": [
                    models.Index(fields=["earliest", "latest"], name="stylesim_keys_years"),
                    models.Index(fields=["title_key"], name="stylesim_keys_title"),
                    models.Index(fields=["artist_key"], name="stylesim_keys_artist"),
                ],
            },
        ),
    ]
