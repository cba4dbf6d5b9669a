"""Surroundings of a work in its photograph, on its index entry."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0008_catalogue"),
    ]

    operations = [
        migrations.AddField(
            model_name="indexentry",
            name="cut_kind",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                max_length=20,
                verbose_name="surroundings",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="indexentry",
            name="cut_box",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="indexentry",
            name="chosen_box",
            field=models.JSONField(editable=False, null=True),
        ),
    ]
