"""Artworks, and what is known about how they look.

State lives beside the artwork, in ``IndexEntry``, so that any model with an image field can be
indexed.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .core.descriptors import Provenance
from .fields import CheckedImageField, ObjectField
from .messages import translate_error
from .swapping import get_artwork_model_string
from .years import LAST_YEAR, parse_year


def artwork_path(_instance: models.Model, file_name: str) -> str:
    """Where an uploaded picture goes: a name that nobody can guess, the ending kept."""
    ending = file_name.rpartition(".")[2].lower()
    name = uuid.uuid4().hex
    return f"artworks/{name[:2]}/{name}.{ending}"


class AbstractArtwork(models.Model):
    """The fields that a museum's catalogue usually has; subclass it to add your own."""

    title = models.CharField(_("title"), max_length=500, db_index=True)
    artist = models.CharField(_("artist"), max_length=300, blank=True, db_index=True)
    year = models.CharField(
        _("year"), max_length=100, blank=True, help_text=_("As text, for example “c. 1889”.")
    )
    year_number = models.IntegerField(
        _("year as a number"),
        null=True,
        blank=True,
        db_index=True,
        validators=(MinValueValidator(-LAST_YEAR), MaxValueValidator(LAST_YEAR)),
        help_text=_("For sorting and filters; taken from the year if left empty."),
    )
    medium = models.CharField(_("medium"), max_length=300, blank=True)
    dimensions = models.CharField(_("dimensions"), max_length=200, blank=True)
    accession_number = models.CharField(
        _("accession number"), max_length=100, blank=True, db_index=True
    )
    collection = models.CharField(_("collection"), max_length=300, blank=True, db_index=True)
    exhibition = models.CharField(_("exhibition"), max_length=300, blank=True, db_index=True)
    rights = models.CharField(_("rights"), max_length=300, blank=True)
    is_public = models.BooleanField(
        _("public"), default=False, help_text=_("Whether people without an account may see it.")
    )
    image = CheckedImageField(_("image"), upload_to=artwork_path, max_length=255)
    extra = ObjectField(_("further fields"), default=dict, blank=True)
    created = models.DateTimeField(_("created"), auto_now_add=True)
    modified = models.DateTimeField(_("modified"), auto_now=True)

    class Meta:
        abstract = True
        ordering = ("-created", "-pk")
        verbose_name = _("artwork")
        verbose_name_plural = _("artworks")

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.year_number is None and self.year:
            self.year_number = parse_year(self.year)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("stylesim:artwork", args=[self.pk])


class Artwork(AbstractArtwork):
    """The artwork model for those who have none of their own."""

    class Meta(AbstractArtwork.Meta):
        swappable = "STYLESIM_ARTWORK_MODEL"


class WorkItem(models.Model):
    """A row of the work list: something a worker is to describe.

    A worker claims a row by writing its ``lease_token`` and the time when the lease ends; who
    still holds the token may write the outcome. A request for new work takes the token away.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        INDEXED = "indexed", _("indexed")
        FAILED = "failed", _("failed")
        STALE = "stale", _("out of date")

    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.PENDING, db_index=True
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.TextField(_("last error"), blank=True)
    error_code = models.CharField(max_length=50, blank=True, editable=False)
    error_params = models.JSONField(default=dict, blank=True, editable=False)
    requested_at = models.DateTimeField(_("requested"), default=timezone.now)
    lease_token = models.UUIDField(null=True, editable=False, db_index=True)
    due_at = models.DateTimeField(_("not before"), default=timezone.now, editable=False)

    class Meta:
        abstract = True

    @property
    def reason(self) -> str:
        """The last error in the reader's language."""
        return translate_error(self.error_code, self.error_params, self.error)


class IndexEntry(WorkItem):
    """What is known about the index of one artwork."""

    artwork = models.OneToOneField(
        get_artwork_model_string(),
        on_delete=models.CASCADE,
        related_name="stylesim_entry",
        verbose_name=_("artwork"),
    )
    image_name = models.CharField(_("image file"), max_length=500, blank=True)
    image_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    note = models.CharField(_("note"), max_length=50, blank=True, editable=False)
    indexed_at = models.DateTimeField(pgettext_lazy("when", "indexed"), null=True, blank=True)

    class Meta:
        verbose_name = _("index entry")
        verbose_name_plural = _("index entries")
        indexes = (models.Index(fields=["state", "due_at"], name="stylesim_entry_work_list"),)

    def __str__(self) -> str:
        return f"{self.artwork_id}: {self.get_state_display()}"


class DescriptorSet(models.Model):
    """All descriptors of one provenance. One set serves; another may be growing beside it, and
    those that are ``retired`` shrink until they are gone.

    Who holds ``maintainer`` until ``maintained_until`` alone calibrates the set and keeps its
    lists of neighbours.
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
    """Where the exact descriptor of an artwork lies in the ``stylesim`` storage.

    ``list_reach`` is the distance beyond which no work enters its list of neighbours, infinite
    while the list has room; up to ``list_horizon``, the list is certain to lack none.
    """

    class ListState(models.TextChoices):
        NEW = "new", _("to be listed")
        TORN = "torn", _("to be listed again")
        WHOLE = "whole", _("listed")

    entry = models.ForeignKey(IndexEntry, on_delete=models.CASCADE, related_name="descriptors")
    descriptor_set = models.ForeignKey(
        DescriptorSet, on_delete=models.CASCADE, related_name="descriptors"
    )
    file_name = models.CharField(max_length=200)
    created = models.DateTimeField(auto_now_add=True)
    list_state = models.CharField(max_length=5, choices=ListState, default=ListState.NEW)
    list_reach = models.FloatField(default=0.0, editable=False)
    list_horizon = models.FloatField(default=0.0, editable=False)

    class Meta:
        verbose_name = _("descriptor")
        verbose_name_plural = _("descriptors")
        indexes = (
            models.Index(fields=["descriptor_set", "list_state"], name="stylesim_list_state"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["entry", "descriptor_set"], name="stylesim_one_descriptor_a_set"
            ),
        )

    def __str__(self) -> str:
        return self.file_name


class Neighbour(models.Model):
    """One line of a work's list: a work near to it, at the default weights.

    The list says nothing of who may see what; that is applied when it is read.
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
        constraints = (
            models.UniqueConstraint(
                fields=["owner", "neighbour"], name="stylesim_one_line_a_neighbour"
            ),
        )

    def __str__(self) -> str:
        return f"{self.owner_id}: {self.neighbour_id} ({self.distance:g})"


class Calibration(models.Model):
    """What distances mean in this collection, and how its descriptors are made compact.

    ``file_name`` holds the distances of random pairs, ``bases_name``, if any, the projections,
    and ``store`` says which store keeps what they project. It is ``ready``, and may serve, once
    all works are projected; ``length`` counts those that ever were.
    """

    descriptor_set = models.ForeignKey(
        DescriptorSet, on_delete=models.CASCADE, related_name="calibrations"
    )
    collection_size = models.PositiveIntegerField(_("indexed works"))
    sample_size = models.PositiveIntegerField(_("works in the sample"))
    file_name = models.CharField(max_length=200)
    bases_name = models.CharField(max_length=200, blank=True)
    store = models.CharField(max_length=20, blank=True)
    ready = models.BooleanField(_("ready"), default=True)
    length = models.PositiveBigIntegerField(default=0, editable=False)
    created = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("calibration")
        verbose_name_plural = _("calibrations")
        get_latest_by = "pk"

    def __str__(self) -> str:
        return f"{self.descriptor_set} ({self.sample_size} / {self.collection_size})"


class CompactRow(models.Model):
    """A compact descriptor in the embedded store: the record, and its place in the table."""

    # The unique constraints are indexes by calibration.
    calibration = models.ForeignKey(
        Calibration, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    stored = models.ForeignKey(StoredDescriptor, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveBigIntegerField()
    record = models.BinaryField()

    class Meta:
        verbose_name = _("compact descriptor")
        verbose_name_plural = _("compact descriptors")
        constraints = (
            models.UniqueConstraint(
                fields=["calibration", "position"], name="stylesim_one_row_a_position"
            ),
            models.UniqueConstraint(
                fields=["calibration", "stored"], name="stylesim_one_row_a_descriptor"
            ),
        )

    def __str__(self) -> str:
        return f"{self.calibration_id}: {self.position}"


class ImageSearch(WorkItem):
    """A search by an image that is no artwork: described by a worker, gone after some hours.

    The image itself is deleted once it is described; a small preview stays as long as the search.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    image_name = models.CharField(max_length=200)
    preview_name = models.CharField(max_length=200, blank=True)
    descriptor_name = models.CharField(max_length=200, blank=True)
    descriptor_set = models.ForeignKey(
        DescriptorSet, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("image search")
        verbose_name_plural = _("image searches")

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("stylesim:search-results", args=[self.pk])


class WorkerSign(models.Model):
    """The last sign of life of each worker host."""

    host = models.CharField(_("host"), max_length=200, unique=True)
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("workers")

    def __str__(self) -> str:
        return self.host
