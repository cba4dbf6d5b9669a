"""The table of the pgvector store; in other databases than PostgreSQL it stays empty."""

from typing import Any

import django.db.models.deletion
import pgvector.django
from django.db import DatabaseError, migrations, models

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1", "relu5_2")


class RequireVector(pgvector.django.VectorExtension):
    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        except DatabaseError as error:
            raise DatabaseError(
                "The pgvector store needs the extension vector 0.8 or newer. Install it on the "
                "server, then run CREATE EXTENSION vector in this database as a superuser. "
                f"Error from PostgreSQL: {error}"
            ) from error

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Keep the extension, which others may use."""


def keep_whole(_apps: Any, schema_editor: Any) -> None:
    """Keep rows in one table: PostgreSQL would move the longest vector of each row to another,
    which makes a scan three times slower."""
    if schema_editor.connection.vendor == "postgresql":
        columns = ", ".join(f"ALTER {layer} SET STORAGE PLAIN" for layer in LAYERS)
        schema_editor.execute(f"ALTER TABLE stylesim_pgvector_compactvectors {columns}")


class Migration(migrations.Migration):
    initial = True

    dependencies = [("stylesim_app", "0002_index")]

    operations = [
        RequireVector(),
        migrations.CreateModel(
            name="CompactVectors",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "compact_index",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="stylesim_app.compactindex",
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
                ("relu1_1_square", models.FloatField()),
                ("relu1_1_residual", models.FloatField()),
                ("relu2_1_square", models.FloatField()),
                ("relu2_1_residual", models.FloatField()),
                ("relu3_1_square", models.FloatField()),
                ("relu3_1_residual", models.FloatField()),
                ("relu4_1_square", models.FloatField()),
                ("relu4_1_residual", models.FloatField()),
                ("relu5_1_square", models.FloatField()),
                ("relu5_1_residual", models.FloatField()),
                ("relu5_2_square", models.FloatField()),
                ("relu5_2_residual", models.FloatField()),
                ("relu1_1", pgvector.django.VectorField(dimensions=64)),
                ("relu2_1", pgvector.django.VectorField(dimensions=64)),
                ("relu3_1", pgvector.django.VectorField(dimensions=64)),
                ("relu4_1", pgvector.django.VectorField(dimensions=64)),
                ("relu5_1", pgvector.django.VectorField(dimensions=64)),
                ("relu5_2", pgvector.django.VectorField(dimensions=512)),
            ],
            options={
                "verbose_name": "compact descriptor in pgvector",
                "verbose_name_plural": "compact descriptors in pgvector",
            },
        ),
        migrations.AddConstraint(
            model_name="compactvectors",
            constraint=models.UniqueConstraint(
                fields=("compact_index", "stored"), name="stylesim_one_vector_a_descriptor"
            ),
        ),
        migrations.RunPython(keep_whole, migrations.RunPython.noop),
    ]
