import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stylesim_app", "0003_same_picture"),
    ]

    operations = [
        migrations.AddField(
            model_name="imagesearch",
            name="vectors",
            field=models.JSONField(default=dict, editable=False),
        ),
        migrations.CreateModel(
            name="VectorIndex",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("embedding", models.CharField(max_length=50, verbose_name="embedding")),
                ("digest", models.CharField(max_length=64)),
                ("fitted_name", models.CharField(blank=True, max_length=200)),
                (
                    "collection_size",
                    models.PositiveIntegerField(default=0, verbose_name="indexed works"),
                ),
                ("store", models.CharField(max_length=20, verbose_name="store")),
                ("ready_at", models.DateTimeField(blank=True, null=True, verbose_name="ready")),
                ("length", models.PositiveBigIntegerField(default=0, editable=False)),
                ("created", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "descriptor_set",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="vector_indexes",
                        to="stylesim_app.descriptorset",
                    ),
                ),
            ],
            options={
                "verbose_name": "vector index",
                "verbose_name_plural": "vector indexes",
                "get_latest_by": "pk",
            },
        ),
        migrations.CreateModel(
            name="VectorRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveBigIntegerField()),
                ("count", models.PositiveSmallIntegerField()),
                ("record", models.BinaryField()),
                ("boxes", models.JSONField(null=True)),
                (
                    "stored",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="stylesim_app.storeddescriptor",
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
            ],
            options={
                "verbose_name": "vectors of an artwork",
                "verbose_name_plural": "vectors of artworks",
            },
        ),
        migrations.AddIndex(
            model_name="vectorindex",
            index=models.Index(
                fields=["descriptor_set", "embedding"], name="stylesim_vector_index"
            ),
        ),
        migrations.AddConstraint(
            model_name="vectorrow",
            constraint=models.UniqueConstraint(
                fields=("vector_index", "position"), name="stylesim_one_vector_a_position"
            ),
        ),
        migrations.AddConstraint(
            model_name="vectorrow",
            constraint=models.UniqueConstraint(
                fields=("vector_index", "stored"), name="stylesim_one_row_of_vectors"
            ),
        ),
    ]
