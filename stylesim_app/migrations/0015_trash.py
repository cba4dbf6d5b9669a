"""The trash of the app's own artworks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0014_selections"),
    ]

    operations = [
        migrations.AddField(
            model_name="artwork",
            name="trashed_at",
            field=models.DateTimeField(
                blank=True,
                db_index=True,
                editable=False,
                null=True,
                verbose_name="moved to the trash",
            ),
        ),
    ]
