import uuid

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0005_lifecycle"),
    ]

    operations = [
        # Signs of hosts give way to signs of processes; a running worker writes its own within
        # seconds.
        migrations.DeleteModel(name="WorkerSign"),
        migrations.CreateModel(
            name="WorkerSign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("process", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("host", models.CharField(max_length=200, verbose_name="host")),
                ("pid", models.PositiveBigIntegerField(default=0, verbose_name="process")),
                (
                    "cluster_pid",
                    models.PositiveBigIntegerField(blank=True, null=True, verbose_name="cluster"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("idle", "idle"), ("busy", "working"), ("ended", "stopped")],
                        default="idle",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                (
                    "started_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="started"),
                ),
                ("seen_at", models.DateTimeField(db_index=True, verbose_name="last seen")),
                ("version", models.CharField(blank=True, max_length=30, verbose_name="version")),
                ("weights", models.CharField(blank=True, max_length=12, verbose_name="weights")),
            ],
            options={
                "verbose_name": "worker",
                "verbose_name_plural": "workers",
            },
        ),
        migrations.CreateModel(
            name="IndexingPause",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "since",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="since"),
                ),
                (
                    "by",
                    models.CharField(blank=True, max_length=200, verbose_name="paused by"),
                ),
            ],
            options={
                "verbose_name": "index status",
                "verbose_name_plural": "index status",
            },
        ),
    ]
