"""Sets of artworks that people keep."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from ..collection.swapping import get_artwork_model_string


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("stylesim_app", "0013_pairs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Selection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="name")),
                ("note", models.TextField(blank=True, max_length=2000, verbose_name="note")),
                (
                    "share_token",
                    models.CharField(editable=False, max_length=64, null=True, unique=True),
                ),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("modified", models.DateTimeField(auto_now=True, verbose_name="modified")),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stylesim_selections",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "set",
                "verbose_name_plural": "sets",
                "ordering": ("-modified", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="SelectionItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                (
                    "artwork",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=get_artwork_model_string(),
                        verbose_name="artwork",
                    ),
                ),
                (
                    "selection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="stylesim_app.selection",
                    ),
                ),
            ],
            options={
                "verbose_name": "work in a set",
                "verbose_name_plural": "works in sets",
                "ordering": ("position", "pk"),
                "indexes": [
                    models.Index(fields=["selection", "position"], name="stylesim_order_of_set")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["selection", "artwork"], name="stylesim_each_work_once_a_set"
                    )
                ],
            },
        ),
    ]
