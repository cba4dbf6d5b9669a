"""Serializers of rankings, comparisons, searches and the state of the index."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import PurePath
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..core.descriptors import STYLE_LAYERS, Provenance
from ..core.same_picture.false_alarms import false_alarm_rate
from ..core.same_picture.relation import Relation
from ..core.scale import FLAGGED, PairScale
from ..models import ImageSearch, WorkItem
from ..ranking.results import RankedAnswer
from ..ranking.same_picture import SamePicture, SamePictures
from .serializers import StrictSerializer, UploadField, absolute_address, artwork_serializer

Float = serializers.FloatField
Integer = serializers.IntegerField
State = WorkItem.State


class PolygonField(serializers.ListField):
    """Corners as pairs of x and y, 0 to 1 of width and height."""

    child = serializers.ListField(child=Float(), min_length=2, max_length=2)


class ProvenanceSerializer(serializers.Serializer[Provenance]):
    """The network and settings that the descriptors were made with."""

    network = serializers.CharField()
    weights = serializers.SerializerMethodField()
    weights_sha256 = serializers.CharField()
    input_size = Integer()
    preprocessing = Integer()
    layers = serializers.ListField(child=serializers.CharField())
    precision = serializers.CharField()

    def get_weights(self, provenance: Provenance) -> str:
        """Return the name without its folders, which stay private."""
        return PurePath(provenance.weights).name


class LayerDistancesSerializer(serializers.Serializer[dict[str, float]]):
    """The distance in each style layer."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {layer: Float() for layer in STYLE_LAYERS}


class ResultSerializer(serializers.Serializer[Any]):
    """A ranked work; ``closer_than`` is a percentage of random pairs of the collection."""

    rank = Integer(min_value=1)
    artwork = artwork_serializer()()
    distance = Float()
    style_distance = Float()
    content_distance = Float()
    layer_distances = LayerDistancesSerializer()
    closer_than = Float(allow_null=True, min_value=0, max_value=100)


class CoverageSerializer(serializers.Serializer[Any]):
    """The number of works visible to the caller, and of those that are indexed."""

    indexed = Integer(min_value=0)
    visible = Integer(min_value=0)


class RankedSerializer(serializers.Serializer[Any]):
    """The ranked works, and how they were ranked."""

    lane = serializers.CharField()
    preset = serializers.CharField()
    style_weight = Float(source="weighting.style_weight")
    content_weight = Float(source="weighting.content_weight")
    layer_weights = serializers.ListField(child=Float(), source="weighting.layer_weights")
    certified = serializers.BooleanField(
        help_text="True if the results are exact, false if they are an estimate."
    )
    coverage = CoverageSerializer(source="*")
    provenance = ProvenanceSerializer(allow_null=True)
    results = ResultSerializer(many=True)


class SimilarSerializer(RankedSerializer):
    """The works nearest to an artwork."""

    query = artwork_serializer()()


class TransformSerializer(serializers.Serializer[Relation]):
    """The way a work shows the picture of the query."""

    mirrored = serializers.BooleanField(help_text="Left and right are exchanged.")
    turned = Float(help_text="Degrees clockwise, after mirroring, -180 to 180.")
    covered = Float(help_text="Share of the work's picture that the query shows, 0 to 1.")
    query_covered = Float(help_text="Share of the query that the work shows, 0 to 1.")
    region = PolygonField(help_text="What both show, on the work's picture.")
    query_region = PolygonField(help_text="What both show, on the query.")


class SamePictureSerializer(serializers.Serializer[Any]):
    """A work that shows the same picture; the ``figure`` is the number of ``inliers``."""

    rank = Integer(min_value=1)
    artwork = artwork_serializer()()
    same_file = serializers.SerializerMethodField()
    figure = Integer(source="relation.inliers", allow_null=True, default=None)
    inliers = Integer(source="relation.inliers", allow_null=True, default=None)
    unusual = serializers.SerializerMethodField(
        help_text="Share of searches for a picture that is not there which find so many inliers."
    )
    transform = TransformSerializer(source="relation", allow_null=True)

    def get_unusual(self, work: SamePicture) -> float | None:
        return None if work.relation is None else false_alarm_rate(work.relation.inliers)

    def get_same_file(self, work: SamePicture) -> bool:
        return work.relation is None


class ComparedSerializer(serializers.Serializer[Any]):
    """The number of works visible to the caller, and of those that were compared."""

    indexed = Integer(source="compared", min_value=0)
    visible = Integer(min_value=0)


class QuerySerializer(serializers.Serializer[Any]):
    """An answer with the artwork, the search or the file name that works are compared with."""

    query = serializers.SerializerMethodField()

    @extend_schema_field({"type": "object", "description": "The artwork or search, as elsewhere."})
    def get_query(self, found: Any) -> Any:
        if isinstance(found.query, str):
            return found.query
        is_search = isinstance(found.query, ImageSearch)
        kind = SearchSerializer if is_search else artwork_serializer()
        return kind(found.query, context=self.context).data


class SamePicturesSerializer(QuerySerializer):
    """The works that show the same picture, copies of the file first, then by inliers."""

    # Patterns, so that an answer without results is valid for one kind of answer alone.
    lane = serializers.RegexField("^same_picture$")
    coverage = ComparedSerializer(source="*")
    results = SamePictureSerializer(many=True, source="works")


class RegionField(serializers.ListField):
    """A box: left, top, width and height, 0 to 1 of the picture."""

    child = Float()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"min_length": 4, "max_length": 4, **kwargs})


class LaneResultSerializer(serializers.Serializer[Any]):
    """A ranked work; the ``figure`` is its distance, lower is closer."""

    rank = Integer(min_value=1)
    artwork = artwork_serializer()()
    figure = Float()
    unusual = Float(
        allow_null=True,
        min_value=0,
        max_value=1,
        help_text="Share of random pairs of the collection that are as close, above 0 and up to 1.",
    )
    region = RegionField(allow_null=True, help_text="The part of the work that was found.")


class ScaleSerializer(serializers.Serializer[PairScale]):
    """The sample of random pairs, and the figures that few of them stay below."""

    pairs = serializers.SerializerMethodField()
    flagged = serializers.SerializerMethodField()

    def get_pairs(self, scale: PairScale) -> int:
        """Return the number of pairs, which limits how rare a figure can be said to be."""
        return len(scale)

    @extend_schema_field(
        {
            "type": "object",
            "additionalProperties": {"type": "number", "nullable": True},
            "description": "By share of unrelated pairs, the figure below which they would be "
            "flagged; null if the sample is too small.",
        }
    )
    def get_flagged(self, scale: PairScale) -> dict[str, float | None]:
        return {f"{share:g}": scale.threshold(share) for share in FLAGGED}


class LaneAnswerSerializer(QuerySerializer):
    """The works nearest to a query in a lane other than the measure."""

    lane = serializers.RegexField("^(?!measure$|same_picture$)")
    region = RegionField(allow_null=True, help_text="The part of the query that was searched for.")
    coverage = CoverageSerializer(source="*")
    provenance = ProvenanceSerializer(allow_null=True)
    scale = ScaleSerializer(allow_null=True)
    local_scaling = serializers.BooleanField(
        help_text="Whether the figures of works near to many others are greater than distances."
    )
    results = LaneResultSerializer(many=True)


class FileAnswerSerializer(RankedSerializer):
    """The works nearest to an image file."""

    query = serializers.CharField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """Two artworks and their distances."""

    a = artwork_serializer()(source="query")
    b = artwork_serializer()(source="nearest.artwork")
    preset = serializers.CharField()
    style_weight = Float(source="weighting.style_weight")
    content_weight = Float(source="weighting.content_weight")
    layer_weights = serializers.ListField(child=Float(), source="weighting.layer_weights")
    distance = Float(source="nearest.distance")
    style_distance = Float(source="nearest.style_distance")
    content_distance = Float(source="nearest.content_distance")
    layer_distances = LayerDistancesSerializer(source="nearest.layer_distances")
    closer_than = Float(source="nearest.closer_than", allow_null=True)
    provenance = ProvenanceSerializer()


class ImageSearchSerializer(StrictSerializer):
    """An image to search by."""

    image = UploadField()


class SearchSerializer(serializers.Serializer[ImageSearch]):
    """A search. Poll its ``url`` until ``state`` is indexed or failed."""

    id = serializers.UUIDField()
    state = serializers.ChoiceField(choices=State.choices)
    reason = serializers.CharField(help_text="Why there are no results, if there are none.")
    url = serializers.SerializerMethodField()
    results_url = serializers.SerializerMethodField(
        help_text="The page with the results, if the site has pages."
    )

    @extend_schema_field({"type": "string"})
    def get_url(self, search: ImageSearch) -> str | None:
        path = partial(reverse, "stylesim-api:search-detail", args=[search.pk])
        return absolute_address(self.context, path)

    def get_results_url(self, search: ImageSearch) -> str | None:
        return absolute_address(self.context, search.get_absolute_url)


class SearchAnswerSerializer(RankedSerializer):
    """The works nearest to a searched image."""

    state = serializers.ChoiceField(choices=State.choices, source="query.state")
    query = SearchSerializer()


class WorkerSerializer(serializers.Serializer[Any]):
    """The last sign of a worker, and whether one is running."""

    seen_at = serializers.DateTimeField(source="worker_seen", allow_null=True)
    alive = serializers.BooleanField(source="worker_alive")


class StatesSerializer(serializers.Serializer[dict[str, int]]):
    """Number of works by index state."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {state: Integer(min_value=0) for state in State.values}


class IndexStatusSerializer(serializers.Serializer[Any]):
    """The state of the index, for the works visible to the caller."""

    visible = Integer()
    indexed = Integer()
    states = StatesSerializer()
    provenance = ProvenanceSerializer(allow_null=True)
    paused = serializers.BooleanField(help_text="Indexing is paused by a person.")
    storage = serializers.SerializerMethodField(
        help_text="What is wrong with the storages, in words; empty if nothing is."
    )
    calibrated_on = Integer(
        allow_null=True,
        help_text="Number of works at the last calibration; null without permission to index.",
    )
    worker = WorkerSerializer(source="*")

    def get_storage(self, _status: Any) -> list[str]:
        return list(self.context["storage"])


class IndexAgainSerializer(StrictSerializer):
    """Works to index again: by id, or all in one state."""

    artworks = serializers.ListField(
        child=serializers.CharField(max_length=200), required=False, min_length=1, max_length=1000
    )
    state = serializers.ChoiceField(choices=State.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Send either “artworks” or “state”, but not both."))
        return attrs


class IndexRequestedSerializer(serializers.Serializer[Any]):
    """The number of works that were requested and are now waiting."""

    requested = Integer()


def serialize_answer(answer: Any, context: Mapping[str, Any]) -> Any:
    """Return the answer of a lane as the API gives it."""
    kind: type[serializers.Serializer[Any]] = LaneAnswerSerializer
    if isinstance(answer, SamePictures):
        kind = SamePicturesSerializer
    elif isinstance(answer, RankedAnswer):
        kind = SimilarSerializer
        if isinstance(answer.query, ImageSearch):
            kind = SearchAnswerSerializer
        elif isinstance(answer.query, str):
            kind = FileAnswerSerializer
    return kind(answer, context=dict(context)).data
