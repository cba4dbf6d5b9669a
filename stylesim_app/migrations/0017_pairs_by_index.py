"""An index that finds the closest pairs on a condition without reading each line."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0016_tombstones"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="neighbour", name="stylesim_nearest_pairs"),
        migrations.AddIndex(
            model_name="neighbour",
            index=models.Index(
                fields=["distance", "id", "owner", "neighbour"], name="stylesim_nearest_pairs"
            ),
        ),
    ]
