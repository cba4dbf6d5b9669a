"""Files being imported, and an index by which a file is known."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0006_outside"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "sha256",
                    models.CharField(
                        max_length=64, unique=True, verbose_name="SHA-256 of the file"
                    ),
                ),
                (
                    "image_name",
                    models.CharField(blank=True, max_length=500, verbose_name="image file"),
                ),
                ("host", models.CharField(max_length=200, verbose_name="host")),
                ("process_id", models.PositiveIntegerField()),
                ("process", models.UUIDField()),
                (
                    "started_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="started"),
                ),
            ],
            options={
                "verbose_name": "file being imported",
                "verbose_name_plural": "files being imported",
            },
        ),
        migrations.AddIndex(
            model_name="indexentry",
            index=models.Index(fields=["image_sha256"], name="stylesim_entry_sha256"),
        ),
    ]
