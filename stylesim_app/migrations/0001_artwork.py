"""The artwork model for hosts without their own."""

import django.core.validators
from django.db import migrations, models

import stylesim_app.collection.fields
import stylesim_app.models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Artwork",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(db_index=True, max_length=500, verbose_name="title")),
                (
                    "artist",
                    models.CharField(
                        blank=True, db_index=True, max_length=300, verbose_name="artist"
                    ),
                ),
                (
                    "year",
                    models.CharField(
                        blank=True,
                        help_text="As text, for example “c. 1889”.",
                        max_length=100,
                        verbose_name="year",
                    ),
                ),
                (
                    "year_number",
                    models.IntegerField(
                        blank=True,
                        db_index=True,
                        help_text="For sorting and filters. Leave empty to take it from the year.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(-9999),
                            django.core.validators.MaxValueValidator(9999),
                        ],
                        verbose_name="year as a number",
                    ),
                ),
                ("medium", models.CharField(blank=True, max_length=300, verbose_name="medium")),
                (
                    "dimensions",
                    models.CharField(blank=True, max_length=200, verbose_name="dimensions"),
                ),
                (
                    "accession_number",
                    models.CharField(
                        blank=True, db_index=True, max_length=100, verbose_name="accession number"
                    ),
                ),
                (
                    "collection",
                    models.CharField(
                        blank=True, db_index=True, max_length=300, verbose_name="collection"
                    ),
                ),
                (
                    "exhibition",
                    models.CharField(
                        blank=True, db_index=True, max_length=300, verbose_name="exhibition"
                    ),
                ),
                ("rights", models.CharField(blank=True, max_length=300, verbose_name="rights")),
                (
                    "is_public",
                    models.BooleanField(
                        default=False,
                        help_text="Show this work to visitors without an account.",
                        verbose_name="public",
                    ),
                ),
                (
                    "image",
                    stylesim_app.collection.fields.CheckedImageField(
                        max_length=255,
                        upload_to=stylesim_app.models.artwork_path,
                        verbose_name="image",
                    ),
                ),
                (
                    "extra",
                    stylesim_app.collection.fields.ObjectField(
                        blank=True, default=dict, verbose_name="additional fields"
                    ),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("modified", models.DateTimeField(auto_now=True, verbose_name="modified")),
            ],
            options={
                "verbose_name": "artwork",
                "verbose_name_plural": "artworks",
                "ordering": ("-created", "-pk"),
                "abstract": False,
                "swappable": "STYLESIM_ARTWORK_MODEL",
            },
        ),
    ]
