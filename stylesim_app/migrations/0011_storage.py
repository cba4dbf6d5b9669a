import uuid

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0010_notes"),
    ]

    operations = [
        migrations.CreateModel(
            name="StorageState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("marker", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("marked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "problem",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("missing", "missing"),
                            ("foreign", "of another installation"),
                            ("full", "full"),
                            ("unreachable", "not reachable"),
                        ],
                        max_length=20,
                        verbose_name="problem",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("since", models.DateTimeField(blank=True, null=True, verbose_name="since")),
                ("tries", models.PositiveIntegerField(default=0, editable=False)),
                ("size", models.PositiveBigIntegerField(default=0, editable=False)),
                (
                    "retry_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("originals", models.TextField(blank=True)),
                ("originals_since", models.DateTimeField(editable=False, null=True)),
                ("stage", models.CharField(blank=True, editable=False, max_length=30)),
                ("cursor", models.CharField(blank=True, editable=False, max_length=200)),
                (
                    "checked",
                    models.PositiveBigIntegerField(default=0, verbose_name="files checked"),
                ),
                ("pass_began_at", models.DateTimeField(editable=False, null=True)),
                (
                    "pass_ended_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="last complete check"),
                ),
            ],
            options={
                "verbose_name": "storage",
                "verbose_name_plural": "storage",
            },
        ),
        migrations.AddField(
            model_name="workersign",
            name="provenance",
            field=models.JSONField(editable=False, null=True, verbose_name="provenance"),
        ),
        migrations.CreateModel(
            name="StorageFinding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("missing", "missing"),
                            ("damaged", "damaged"),
                            ("exchanged", "of another picture"),
                            ("orphan", "without a record"),
                            ("incomplete", "incomplete"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("place", models.CharField(max_length=30, verbose_name="place")),
                ("name", models.CharField(max_length=500, verbose_name="file")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                (
                    "found_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="found"),
                ),
            ],
            options={
                "verbose_name": "finding",
                "verbose_name_plural": "findings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("place", "name"), name="stylesim_one_finding_a_file"
                    )
                ],
            },
        ),
    ]
