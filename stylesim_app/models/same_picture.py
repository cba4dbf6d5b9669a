"""Models of the same-picture lane: local features, and the matches between artworks."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from .work import IndexEntry


class StoredFeatures(models.Model):
    """The compact local features of an artwork's picture, at most 7.3 KB.

    A row is never changed but for ``matched_at``, the time when a worker compared it with all
    others; a new picture has a new row. ``fingerprint`` names the vocabulary, in hexadecimal.
    """

    entry = models.OneToOneField(IndexEntry, on_delete=models.CASCADE, related_name="features")
    fingerprint = models.CharField(max_length=16)
    image_sha256 = models.CharField(max_length=64)
    record = models.BinaryField()
    matched_at = models.DateTimeField(_("matched"), null=True, editable=False)

    class Meta:
        verbose_name = _("local features")
        verbose_name_plural = _("local features")
        indexes = (
            models.Index(
                fields=["fingerprint"],
                condition=models.Q(matched_at__isnull=True),
                name="stylesim_unmatched",
            ),
        )

    def __str__(self) -> str:
        return f"{self.entry_id} ({self.fingerprint})"


class PictureMatch(models.Model):
    """Two artworks that show the same picture, and how the candidate lies in the query.

    ``inliers`` counts the pairs of features that agree. ``relation`` holds the rest of a
    ``core.same_picture.geometry.Verification``, see ``core.same_picture.relation``.
    """

    query = models.ForeignKey(StoredFeatures, on_delete=models.CASCADE, related_name="matches")
    candidate = models.ForeignKey(StoredFeatures, on_delete=models.CASCADE, related_name="matched")
    inliers = models.PositiveIntegerField(_("inliers"))
    relation = models.JSONField(_("relation"))

    class Meta:
        verbose_name = _("same picture")
        verbose_name_plural = _("same pictures")
        indexes = (models.Index(fields=["-inliers", "id"], name="stylesim_surest_pairs"),)
        constraints = (
            models.UniqueConstraint(
                fields=["query", "candidate"], name="stylesim_one_match_a_pair"
            ),
        )

    def __str__(self) -> str:
        return f"{self.query_id}: {self.candidate_id} ({self.inliers})"
