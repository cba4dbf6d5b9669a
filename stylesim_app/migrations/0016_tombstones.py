"""Keys of artworks that were deleted or hidden, for clients that keep a copy."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0015_trash"),
    ]

    operations = [
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("artwork_key", models.CharField(max_length=200, verbose_name="ID of the artwork")),
                (
                    "removed_at",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, verbose_name="removed"
                    ),
                ),
                ("is_gone", models.BooleanField(default=False)),
                ("was_public", models.BooleanField(default=False)),
            ],
            options={"verbose_name": "tombstone", "verbose_name_plural": "tombstones"},
        ),
    ]
