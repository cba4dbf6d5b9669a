"""The nearest pairs of the lanes that compare vectors."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0018_compared_to"),
    ]

    operations = [
        migrations.CreateModel(
            name="PairList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("lane", models.CharField(max_length=50, verbose_name="lane")),
                ("compared_to", models.PositiveBigIntegerField(default=0, editable=False)),
                (
                    "vector_index",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pair_lists",
                        to="stylesim_app.vectorindex",
                    ),
                ),
            ],
            options={
                "verbose_name": "list of near pairs",
                "verbose_name_plural": "lists of near pairs",
            },
        ),
        migrations.CreateModel(
            name="NearPair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("distance", models.FloatField(verbose_name="distance")),
                (
                    "earlier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="stylesim_app.storeddescriptor",
                    ),
                ),
                (
                    "later",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="stylesim_app.storeddescriptor",
                    ),
                ),
                (
                    "pair_list",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pairs",
                        to="stylesim_app.pairlist",
                    ),
                ),
            ],
            options={
                "verbose_name": "near pair",
                "verbose_name_plural": "near pairs",
            },
        ),
        migrations.AddConstraint(
            model_name="pairlist",
            constraint=models.UniqueConstraint(
                fields=("vector_index", "lane"), name="stylesim_one_pair_list_a_lane"
            ),
        ),
        migrations.AddIndex(
            model_name="nearpair",
            index=models.Index(
                fields=["pair_list", "distance", "id", "later", "earlier"],
                name="stylesim_near_pairs",
            ),
        ),
    ]
