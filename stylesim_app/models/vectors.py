"""Models of the vector lanes: what was fitted, the vectors of each artwork, and near pairs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .index import DescriptorSet, StoredDescriptor


class VectorIndex(models.Model):
    """The vectors of one embedding for the works of a descriptor set.

    The file ``fitted_name`` holds what was fitted to a sample of ``collection_size`` works; it is
    empty for what ships with the app, and for an embedding that computes vectors from pictures.
    The index may serve once all works are embedded, from ``ready_at`` on; ``length`` counts the
    vectors that were ever added to its store.
    """

    descriptor_set = models.ForeignKey(
        DescriptorSet, on_delete=models.CASCADE, related_name="vector_indexes"
    )
    embedding = models.CharField(_("embedding"), max_length=50)
    digest = models.CharField(max_length=64)
    fitted_name = models.CharField(max_length=200, blank=True)
    collection_size = models.PositiveIntegerField(_("indexed works"), default=0)
    store = models.CharField(_("store"), max_length=20)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    length = models.PositiveBigIntegerField(default=0, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("vector index")
        verbose_name_plural = _("vector indexes")
        get_latest_by = "pk"
        indexes = (
            models.Index(fields=["descriptor_set", "embedding"], name="stylesim_vector_index"),
        )

    def __str__(self) -> str:
        return f"{self.embedding} ({self.store}, {self.digest[:8]})"


class VectorRow(models.Model):
    """The vectors of an artwork in the embedded store: ``count`` of them from ``position`` on.

    ``record`` holds ``(count, d)`` little-endian float16; ``boxes`` the box of each as
    ``[left, top, width, height]``, None for the one vector of an entire picture.
    """

    # The unique constraints are indexes by vector index.
    vector_index = models.ForeignKey(
        VectorIndex, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    stored = models.ForeignKey(StoredDescriptor, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField()
    count = models.PositiveSmallIntegerField()
    record = models.BinaryField()
    boxes = models.JSONField(null=True)

    class Meta:
        verbose_name = _("vectors of an artwork")
        verbose_name_plural = _("vectors of artworks")
        constraints = (
            models.UniqueConstraint(
                fields=["vector_index", "position"], name="stylesim_one_vector_a_position"
            ),
            models.UniqueConstraint(
                fields=["vector_index", "stored"], name="stylesim_one_row_of_vectors"
            ),
        )

    def __str__(self) -> str:
        return f"{self.vector_index_id}: {self.position}"


class PairList(models.Model):
    """The near pairs of a lane, by the vectors of one index.

    Each work up to the key ``compared_to`` was compared with all works before it.
    """

    vector_index = models.ForeignKey(
        VectorIndex, on_delete=models.CASCADE, related_name="pair_lists", db_index=False
    )
    lane = models.CharField(_("lane"), max_length=50)
    compared_to = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("list of near pairs")
        verbose_name_plural = _("lists of near pairs")
        constraints = (
            models.UniqueConstraint(
                fields=["vector_index", "lane"], name="stylesim_one_pair_list_a_lane"
            ),
        )

    def __str__(self) -> str:
        return f"{self.lane} ({self.vector_index_id})"


class NearPair(models.Model):
    """A work and one of the works before it that are nearest to it, by cosine distance."""

    # The index by distance begins with the list.
    pair_list = models.ForeignKey(
        PairList, on_delete=models.CASCADE, related_name="pairs", db_index=False
    )
    later = models.ForeignKey(StoredDescriptor, on_delete=models.CASCADE, related_name="+")
    earlier = models.ForeignKey(StoredDescriptor, on_delete=models.CASCADE, related_name="+")
    distance = models.FloatField(_("distance"))

    class Meta:
        verbose_name = _("near pair")
        verbose_name_plural = _("near pairs")
        # With both works, so that conditions on them are asked without reading the rows.
        indexes = (
            models.Index(
                fields=["pair_list", "distance", "id", "later", "earlier"],
                name="stylesim_near_pairs",
            ),
        )

    def __str__(self) -> str:
        return f"{self.later_id}: {self.earlier_id} ({self.distance:g})"
