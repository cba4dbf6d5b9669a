"""Removed pictures, claims on files, and requests that may be repeated."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0004_vectors"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FileClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha256", models.CharField(max_length=64, unique=True)),
                (
                    "claimed_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
            ],
            options={
                "verbose_name": "claim on a file",
                "verbose_name_plural": "claims on files",
            },
        ),
        migrations.CreateModel(
            name="RemovedPicture",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("image_name", models.CharField(max_length=500, verbose_name="image file")),
                ("is_owned", models.BooleanField(default=True, editable=False)),
                ("artwork_key", models.CharField(max_length=100, verbose_name="ID of the artwork")),
                ("title", models.CharField(blank=True, max_length=500, verbose_name="title")),
                (
                    "removed_at",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, verbose_name="removed"
                    ),
                ),
                ("kept_name", models.CharField(blank=True, editable=False, max_length=200)),
                ("kept_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "removed picture",
                "verbose_name_plural": "removed pictures",
            },
        ),
        migrations.CreateModel(
            name="RepeatableRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("endpoint", models.CharField(max_length=100)),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("token", models.UUIDField()),
                ("lease_until", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("headers", models.JSONField(default=dict)),
                ("answer", models.TextField(blank=True)),
                ("created", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "repeatable request",
                "verbose_name_plural": "repeatable requests",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "endpoint", "key"), name="stylesim_one_request_a_key"
                    )
                ],
            },
        ),
    ]
