"""Indexes by which the closest pairs of a collection are listed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0012_accession"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="neighbour",
            index=models.Index(fields=["distance", "id"], name="stylesim_nearest_pairs"),
        ),
        migrations.AddIndex(
            model_name="picturematch",
            index=models.Index(fields=["-inliers", "id"], name="stylesim_surest_pairs"),
        ),
    ]
