"""Tokens that stand in web pages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_api_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="is_public",
            field=models.BooleanField(default=False, verbose_name="for public web pages"),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="origins",
            field=models.TextField(blank=True, verbose_name="allowed web sites"),
        ),
    ]
