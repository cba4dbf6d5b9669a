"""Models of the index: descriptors, calibrations, compact indexes and lists of neighbours."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..core.descriptors import Provenance
from .work import IndexEntry


class DescriptorSet(models.Model):
    """All descriptors of one provenance.

    One set serves; another may be growing at the same time, and those that are ``retired`` shrink
    until they are gone. Until ``maintained_until``, only the holder of the token ``maintainer`` may
    calibrate the set and write its lists of neighbours.
    """

    digest = models.CharField(max_length=64, unique=True)
    provenance = models.JSONField(_("provenance"))
    serving = models.BooleanField(_("serving"), default=False)
    retired = models.BooleanField(_("retired"), default=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    maintainer = models.UUIDField(null=True, editable=False)
    maintained_until = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("descriptor set")
        verbose_name_plural = _("descriptor sets")
        constraints = (
            models.UniqueConstraint(
                fields=["serving"],
                condition=models.Q(serving=True),
                name="stylesim_one_serving_set",
            ),
        )

    def __str__(self) -> str:
        made_by = self.to_provenance()
        return f"{made_by.network} {made_by.weights} ({made_by.precision}, {self.digest[:8]})"

    def to_provenance(self) -> Provenance:
        return Provenance.from_json(self.provenance)


class StoredDescriptor(models.Model):
    """The file of an artwork's exact descriptor in the ``stylesim`` storage.

    ``list_reach`` is the distance beyond which no work enters its list of neighbours, infinite
    while the list has room; up to ``list_horizon``, the list is certain to lack none. If
    ``suspected_at`` is set, the file could not be read then, and a worker is to look again.
    """

    class ListState(models.TextChoices):
        NEW = "new", _("not listed")
        TORN = "torn", _("to be updated")
        WHOLE = "whole", _("up to date")

    entry = models.ForeignKey(IndexEntry, on_delete=models.CASCADE, related_name="descriptors")
    descriptor_set = models.ForeignKey(
        DescriptorSet, on_delete=models.CASCADE, related_name="descriptors"
    )
    file_name = models.CharField(max_length=200)
    created = models.DateTimeField(auto_now_add=True)
    list_state = models.CharField(max_length=5, choices=ListState, default=ListState.NEW)
    list_reach = models.FloatField(default=0.0, editable=False)
    list_horizon = models.FloatField(default=0.0, editable=False)
    suspected_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("descriptor")
        verbose_name_plural = _("descriptors")
        indexes = (
            models.Index(fields=["descriptor_set", "list_state"], name="stylesim_list_state"),
            models.Index(
                fields=["descriptor_set"],
                condition=models.Q(suspected_at__isnull=False),
                name="stylesim_suspected",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["entry", "descriptor_set"], name="stylesim_one_descriptor_a_set"
            ),
        )

    def __str__(self) -> str:
        return self.file_name


class Neighbour(models.Model):
    """One line of a work's list of neighbours, at the default weights.

    Lists ignore visibility, which is applied when they are read.
    """

    # The unique constraint is an index by owner.
    owner = models.ForeignKey(
        StoredDescriptor, on_delete=models.CASCADE, related_name="neighbours", db_index=False
    )
    neighbour = models.ForeignKey(
        StoredDescriptor, on_delete=models.CASCADE, related_name="listed_by"
    )
    distance = models.FloatField(_("distance"))
    relu1_1 = models.FloatField()
    relu2_1 = models.FloatField()
    relu3_1 = models.FloatField()
    relu4_1 = models.FloatField()
    relu5_1 = models.FloatField()
    relu5_2 = models.FloatField()

    class Meta:
        verbose_name = _("neighbour")
        verbose_name_plural = _("neighbours")
        # With both works, so that conditions on them are asked without reading the lines.
        indexes = (
            models.Index(
                fields=["distance", "id", "owner", "neighbour"], name="stylesim_nearest_pairs"
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["owner", "neighbour"], name="stylesim_one_line_a_neighbour"
            ),
        )

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.neighbour_id} ({self.distance:g})"


class Calibration(models.Model):
    """The scale of distances in this collection; the file holds the distances of random pairs."""

    descriptor_set = models.ForeignKey(
        DescriptorSet, on_delete=models.CASCADE, related_name="calibrations"
    )
    collection_size = models.PositiveIntegerField(_("indexed works"))
    sample_size = models.PositiveIntegerField(_("works in the sample"))
    file_name = models.CharField(max_length=200)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("calibration")
        verbose_name_plural = _("calibrations")
        get_latest_by = "pk"

    def __str__(self) -> str:
        return f"{self.descriptor_set} ({self.sample_size} / {self.collection_size})"


class CompactIndex(models.Model):
    """The projections of a descriptor set on bases, by which a store searches it.

    It may serve once all works are projected, from ``ready_at`` on; ``length`` counts the rows that
    were ever added to its store.
    """

    descriptor_set = models.ForeignKey(
        DescriptorSet, on_delete=models.CASCADE, related_name="compact_indexes"
    )
    collection_size = models.PositiveIntegerField(_("indexed works"))
    bases_name = models.CharField(max_length=200, blank=True)
    store = models.CharField(_("store"), max_length=20, blank=True)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    length = models.PositiveBigIntegerField(default=0, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("compact index")
        verbose_name_plural = _("compact indexes")
        get_latest_by = "pk"

    def __str__(self) -> str:
        return f"{self.descriptor_set} ({self.store}, {self.collection_size})"


class CompactRow(models.Model):
    """A compact descriptor in the embedded store: the record, and its place in the table."""

    # The unique constraints are indexes by compact index.
    compact_index = models.ForeignKey(
        CompactIndex, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    stored = models.ForeignKey(StoredDescriptor, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField()
    record = models.BinaryField()

    class Meta:
        verbose_name = _("compact descriptor")
        verbose_name_plural = _("compact descriptors")
        constraints = (
            models.UniqueConstraint(
                fields=["compact_index", "position"], name="stylesim_one_row_a_position"
            ),
            models.UniqueConstraint(
                fields=["compact_index", "stored"], name="stylesim_one_row_a_descriptor"
            ),
        )

    def __str__(self) -> str:
        return f"{self.compact_index_id}: {self.position}"
