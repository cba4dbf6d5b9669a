"""The works of the host."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Picture",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("scan", models.ImageField(upload_to="scans")),
            ],
        ),
        migrations.CreateModel(
            name="Print",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("maker", models.CharField(blank=True, max_length=80)),
                ("begun", models.IntegerField(blank=True, null=True)),
                ("scan", models.ImageField(upload_to="prints")),
                ("shown", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="FramedPrint",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("swapped.print",),
        ),
    ]
