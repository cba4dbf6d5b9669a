"""The vectors in pgvector; in other databases than PostgreSQL the table stays empty."""

from typing import Any

import django.db.models.deletion
import pgvector.django
from django.db import migrations, models


def keep_whole(_apps: Any, schema_editor: Any) -> None:
    """Keep vectors in the rows, where PostgreSQL would move the longer ones to another table."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE stylesim_pgvector_picturevector ALTER numbers SET STORAGE PLAIN"
        )


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0004_vectors"),
        ("stylesim_pgvector", "0001_compact_vectors"),
    ]

    operations = [
        migrations.CreateModel(
            name="PictureVector",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "vector_index",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="stylesim_app.vectorindex",
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
                ("number", models.PositiveSmallIntegerField()),
                ("numbers", pgvector.django.HalfVectorField()),
                ("box", models.JSONField(null=True)),
            ],
            options={
                "verbose_name": "vector of an artwork in pgvector",
                "verbose_name_plural": "vectors of artworks in pgvector",
            },
        ),
        migrations.AddConstraint(
            model_name="picturevector",
            constraint=models.UniqueConstraint(
                fields=("vector_index", "stored", "number"), name="stylesim_one_numbered_vector"
            ),
        ),
        migrations.RunPython(keep_whole, migrations.RunPython.noop),
    ]
