"""Look-up by accession number, and the size of a picture."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0011_storage"),
    ]

    operations = [
        # The keys are written again after the migrations, by ``index.search_keys``.
        migrations.AddField(
            model_name="searchkeys",
            name="accession_number",
            field=models.CharField(blank=True, db_index=True, default="", max_length=250),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="indexentry",
            name="image_width",
            field=models.PositiveIntegerField(
                editable=False, null=True, verbose_name="width in pixels"
            ),
        ),
        migrations.AddField(
            model_name="indexentry",
            name="image_height",
            field=models.PositiveIntegerField(
                editable=False, null=True, verbose_name="height in pixels"
            ),
        ),
    ]
