"""Compact descriptors and vectors as columns that PostgreSQL can calculate with."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField, VectorField

from ...core.compression import SIZES
from ...models import CompactIndex, StoredDescriptor, VectorIndex


class CompactVectors(models.Model):
    """A compact descriptor: of each layer the projection, ``||x - mean||^2`` and the residual.

    In float32, as they were computed: rounding them further would break the bounds. The columns
    of fixed width come first, where PostgreSQL finds them fastest.
    """

    # The unique constraint is an index by compact index.
    compact_index = models.ForeignKey(
        CompactIndex, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    stored = models.ForeignKey(StoredDescriptor, on_delete=models.CASCADE, related_name="+")
    relu1_1_square = models.FloatField()
    relu1_1_residual = models.FloatField()
    relu2_1_square = models.FloatField()
    relu2_1_residual = models.FloatField()
    relu3_1_square = models.FloatField()
    relu3_1_residual = models.FloatField()
    relu4_1_square = models.FloatField()
    relu4_1_residual = models.FloatField()
    relu5_1_square = models.FloatField()
    relu5_1_residual = models.FloatField()
    relu5_2_square = models.FloatField()
    relu5_2_residual = models.FloatField()
    relu1_1 = VectorField(dimensions=SIZES["relu1_1"])
    relu2_1 = VectorField(dimensions=SIZES["relu2_1"])
    relu3_1 = VectorField(dimensions=SIZES["relu3_1"])
    relu4_1 = VectorField(dimensions=SIZES["relu4_1"])
    relu5_1 = VectorField(dimensions=SIZES["relu5_1"])
    relu5_2 = VectorField(dimensions=SIZES["relu5_2"])

    class Meta:
        verbose_name = _("compact descriptor in pgvector")
        verbose_name_plural = _("compact descriptors in pgvector")
        constraints = (
            models.UniqueConstraint(
                fields=["compact_index", "stored"], name="stylesim_one_vector_a_descriptor"
            ),
        )

    def __str__(self) -> str:
        return f"{self.compact_index_id}: {self.stored_id}"


class PictureVector(models.Model):
    """A vector of an artwork in float16: the ``number``-th of them, from 0 on.

    ``box`` is what it describes, ``[left, top, width, height]``, None for an entire picture.
    """

    # The unique constraint is an index by vector index.
    vector_index = models.ForeignKey(
        VectorIndex, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    stored = models.ForeignKey(StoredDescriptor, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    numbers = HalfVectorField()
    box = models.JSONField(null=True)

    class Meta:
        verbose_name = _("vector of an artwork in pgvector")
        verbose_name_plural = _("vectors of artworks in pgvector")
        constraints = (
            models.UniqueConstraint(
                fields=["vector_index", "stored", "number"], name="stylesim_one_numbered_vector"
            ),
        )

    def __str__(self) -> str:
        return f"{self.vector_index_id}: {self.stored_id}, {self.number}"
