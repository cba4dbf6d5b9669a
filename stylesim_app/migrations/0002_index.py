"""The work list and the index, for the artwork model in use."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from ..collection.swapping import get_artwork_model_string


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("stylesim_app", "0001_artwork"),
        migrations.swappable_dependency(get_artwork_model_string()),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkerSign",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("host", models.CharField(max_length=200, unique=True, verbose_name="host")),
                ("seen_at", models.DateTimeField(verbose_name="last seen")),
            ],
            options={
                "verbose_name": "worker",
                "verbose_name_plural": "workers",
            },
        ),
        migrations.CreateModel(
            name="DescriptorSet",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("provenance", models.JSONField(verbose_name="provenance")),
                ("serving", models.BooleanField(default=False, verbose_name="serving")),
                ("retired", models.BooleanField(default=False, verbose_name="retired")),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("maintainer", models.UUIDField(editable=False, null=True)),
                (
                    "maintained_until",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
            ],
            options={
                "verbose_name": "descriptor set",
                "verbose_name_plural": "descriptor sets",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("serving", True)),
                        fields=("serving",),
                        name="stylesim_one_serving_set",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CompactIndex",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("collection_size", models.PositiveIntegerField(verbose_name="indexed works")),
                ("bases_name", models.CharField(blank=True, max_length=200)),
                ("store", models.CharField(blank=True, max_length=20, verbose_name="store")),
                ("ready_at", models.DateTimeField(blank=True, null=True, verbose_name="ready")),
                ("length", models.PositiveBigIntegerField(default=0, editable=False)),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "descriptor_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="compact_indexes",
                        to="stylesim_app.descriptorset",
                    ),
                ),
            ],
            options={
                "verbose_name": "compact index",
                "verbose_name_plural": "compact indexes",
                "get_latest_by": "pk",
            },
        ),
        migrations.CreateModel(
            name="Calibration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("collection_size", models.PositiveIntegerField(verbose_name="indexed works")),
                ("sample_size", models.PositiveIntegerField(verbose_name="works in the sample")),
                ("file_name", models.CharField(max_length=200)),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "descriptor_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calibrations",
                        to="stylesim_app.descriptorset",
                    ),
                ),
            ],
            options={
                "verbose_name": "calibration",
                "verbose_name_plural": "calibrations",
                "get_latest_by": "pk",
            },
        ),
        migrations.CreateModel(
            name="ImageSearch",
            fields=[
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waiting"),
                            ("indexed", "indexed"),
                            ("failed", "failed"),
                            ("stale", "out of date"),
                        ],
                        db_index=True,
                        default="pending",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("error", models.TextField(blank=True, verbose_name="last error")),
                ("error_code", models.CharField(blank=True, editable=False, max_length=50)),
                ("error_params", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "requested_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="requested"
                    ),
                ),
                ("lease_token", models.UUIDField(db_index=True, editable=False, null=True)),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="not before"
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("image_name", models.CharField(max_length=200)),
                ("preview_name", models.CharField(blank=True, max_length=200)),
                ("descriptor_name", models.CharField(blank=True, max_length=200)),
                (
                    "created",
                    models.DateTimeField(auto_now_add=True, db_index=True, verbose_name="created"),
                ),
                (
                    "descriptor_set",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="stylesim_app.descriptorset",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "image search",
                "verbose_name_plural": "image searches",
            },
        ),
        migrations.CreateModel(
            name="IndexEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "waiting"),
                            ("indexed", "indexed"),
                            ("failed", "failed"),
                            ("stale", "out of date"),
                        ],
                        db_index=True,
                        default="pending",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("error", models.TextField(blank=True, verbose_name="last error")),
                ("error_code", models.CharField(blank=True, editable=False, max_length=50)),
                ("error_params", models.JSONField(blank=True, default=dict, editable=False)),
                (
                    "requested_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="requested"
                    ),
                ),
                ("lease_token", models.UUIDField(db_index=True, editable=False, null=True)),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="not before"
                    ),
                ),
                (
                    "image_name",
                    models.CharField(blank=True, max_length=500, verbose_name="image file"),
                ),
                (
                    "image_sha256",
                    models.CharField(blank=True, max_length=64, verbose_name="SHA-256 of the file"),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, editable=False, max_length=50, verbose_name="note"
                    ),
                ),
                ("indexed_at", models.DateTimeField(blank=True, null=True, verbose_name="indexed")),
                (
                    "artwork",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stylesim_entry",
                        to=get_artwork_model_string(),
                        verbose_name="artwork",
                    ),
                ),
            ],
            options={
                "verbose_name": "index entry",
                "verbose_name_plural": "index entries",
            },
        ),
        migrations.CreateModel(
            name="StoredDescriptor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=200)),
                ("created", models.DateTimeField(auto_now_add=True)),
                (
                    "list_state",
                    models.CharField(
                        choices=[
                            ("new", "not listed"),
                            ("torn", "to be updated"),
                            ("whole", "up to date"),
                        ],
                        default="new",
                        max_length=5,
                    ),
                ),
                ("list_reach", models.FloatField(default=0.0, editable=False)),
                ("list_horizon", models.FloatField(default=0.0, editable=False)),
                ("suspected_at", models.DateTimeField(editable=False, null=True)),
                (
                    "descriptor_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="descriptors",
                        to="stylesim_app.descriptorset",
                    ),
                ),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="descriptors",
                        to="stylesim_app.indexentry",
                    ),
                ),
            ],
            options={
                "verbose_name": "descriptor",
                "verbose_name_plural": "descriptors",
            },
        ),
        migrations.CreateModel(
            name="Neighbour",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("distance", models.FloatField(verbose_name="distance")),
                ("relu1_1", models.FloatField()),
                ("relu2_1", models.FloatField()),
                ("relu3_1", models.FloatField()),
                ("relu4_1", models.FloatField()),
                ("relu5_1", models.FloatField()),
                ("relu5_2", models.FloatField()),
                (
                    "neighbour",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="listed_by",
                        to="stylesim_app.storeddescriptor",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="neighbours",
                        to="stylesim_app.storeddescriptor",
                    ),
                ),
            ],
            options={
                "verbose_name": "neighbour",
                "verbose_name_plural": "neighbours",
            },
        ),
        migrations.CreateModel(
            name="CompactRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveBigIntegerField()),
                ("record", models.BinaryField()),
                (
                    "compact_index",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="stylesim_app.compactindex",
                    ),
                ),
                (
                    "stored",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="stylesim_app.storeddescriptor",
                    ),
                ),
            ],
            options={
                "verbose_name": "compact descriptor",
                "verbose_name_plural": "compact descriptors",
            },
        ),
        migrations.AddIndex(
            model_name="indexentry",
            index=models.Index(fields=["state", "due_at"], name="stylesim_entry_work_list"),
        ),
        migrations.AddIndex(
            model_name="storeddescriptor",
            index=models.Index(fields=["descriptor_set", "list_state"], name="stylesim_list_state"),
        ),
        migrations.AddIndex(
            model_name="storeddescriptor",
            index=models.Index(
                condition=models.Q(("suspected_at__isnull", False)),
                fields=["descriptor_set"],
                name="stylesim_suspected",
            ),
        ),
        migrations.AddConstraint(
            model_name="storeddescriptor",
            constraint=models.UniqueConstraint(
                fields=("entry", "descriptor_set"), name="stylesim_one_descriptor_a_set"
            ),
        ),
        migrations.AddConstraint(
            model_name="neighbour",
            constraint=models.UniqueConstraint(
                fields=("owner", "neighbour"), name="stylesim_one_line_a_neighbour"
            ),
        ),
        migrations.AddConstraint(
            model_name="compactrow",
            constraint=models.UniqueConstraint(
                fields=("compact_index", "position"), name="stylesim_one_row_a_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="compactrow",
            constraint=models.UniqueConstraint(
                fields=("compact_index", "stored"), name="stylesim_one_row_a_descriptor"
            ),
        ),
    ]
