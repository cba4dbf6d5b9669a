"""The works that a searched image was compared with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0017_pairs_by_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="imagesearch",
            name="compared_to",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
    ]
