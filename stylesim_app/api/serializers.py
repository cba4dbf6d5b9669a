"""Serializers of artworks, whatever model a host uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from django.core.files.base import File
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..collection.adapter import TIMES, adapter
from ..collection.fields import check_upload, several_files
from ..collection.swapping import get_artwork_model
from ..collection.thumbnails import SIZES
from ..collection.validators import validate_object
from ..conf import conf
from ..messages import NOTES, translate_notes
from ..models import IndexEntry, WorkItem
from .problems import told_reason

#: What is known of the file of a picture.
PICTURE_FIELDS = ("width", "height", "sha256")
#: The key of a serializer's context with the fields of artworks to answer with; all without it.
CHOSEN_FIELDS = "artwork_fields"


def absolute_address(context: Mapping[str, Any], path: Callable[[], str]) -> str | None:
    """Return the address of a page; its path alone without a request, None where a host has no
    such page."""
    try:
        found = path()
    except NoReverseMatch:
        return None
    return str(context["request"].build_absolute_uri(found)) if "request" in context else found


class UploadField(serializers.FileField):
    """A picture, checked as in forms. Raises Django's ValidationError."""

    def __init__(self, **kwargs: Any) -> None:
        # The check raises the message for an empty file that forms and imports share.
        super().__init__(**{**kwargs, "allow_empty_file": True})

    def get_value(self, dictionary: Any) -> Any:
        sent = dictionary.getlist(self.field_name) if hasattr(dictionary, "getlist") else []
        return sent if len(sent) > 1 else super().get_value(dictionary)

    def to_internal_value(self, data: Any) -> File[Any]:
        if isinstance(data, list):
            raise several_files(len(data))
        upload = super().to_internal_value(data)
        check_upload(upload)
        return upload

    def to_representation(self, value: Any) -> str | None:
        """Return the address of the file, or None if its storage has none."""
        try:
            return super().to_representation(value)
        except (NotImplementedError, ValueError):
            return None


class JsonField(serializers.JSONField):
    """Any JSON that Python can traverse without exceeding its recursion limit."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except RecursionError:
            self.fail("invalid")


@extend_schema_field({"type": "object", "additionalProperties": {}})
class JsonObjectField(JsonField):
    """A JSON object."""


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses unknown fields and ignores read-only ones."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._name_unknown(data)
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            named: Any = error.detail
            raise serializers.ValidationError({**named, **unknown}) from error
        if unknown:
            raise serializers.ValidationError(unknown)
        return values

    def _name_unknown(self, data: Any) -> dict[str, list[str]]:
        if not isinstance(data, Mapping):
            return {}
        known = [name for name, field in self.fields.items() if not field.read_only]
        reason = _("Unknown field. Available fields: %(names)s.") % {"names": ", ".join(known)}
        # Forms of pages hold the token too.
        unknown = set(data) - {*self.fields, "csrfmiddlewaretoken"}
        return {str(name): [reason] for name in sorted(unknown)}


class IndexStateSerializer(serializers.Serializer[IndexEntry]):
    """The index state of an artwork."""

    state = serializers.ChoiceField(choices=WorkItem.State.choices, read_only=True)
    reason = serializers.SerializerMethodField(
        help_text="Why indexing failed, if it did; details are shown to staff only."
    )
    note = serializers.SerializerMethodField(
        help_text="Notes on how the picture was read, for example that it is animated, in words."
    )
    notes = serializers.ListField(
        child=serializers.ChoiceField(choices=list(NOTES)),
        read_only=True,
        help_text="The same notes, as codes.",
    )
    surroundings = serializers.CharField(
        source="cut_kind",
        read_only=True,
        help_text="The surroundings that were left out: `ground`, `chart`, `ground_and_chart`, "
        "`chosen` by a person, or empty.",
    )
    work_box = serializers.ListField(
        source="cut_box",
        child=serializers.FloatField(),
        read_only=True,
        allow_null=True,
        help_text="The part of the picture that is compared: left, top, width and height in "
        "shares of the upright picture; null for all of it.",
    )
    indexed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    attempts = serializers.IntegerField(read_only=True)

    def get_reason(self, entry: IndexEntry) -> str:
        if not entry.reason or "request" not in self.context:
            return entry.reason
        return told_reason(self.context["request"].user, entry.state, entry.reason)

    def get_note(self, entry: IndexEntry) -> str:
        return translate_notes(entry.notes)


class ThumbnailsSerializer(serializers.Serializer[Any]):
    """URLs of thumbnails, by size."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {
            name: serializers.URLField(help_text=f"At most {side} pixels wide and high.")
            for name, side in SIZES.items()
        }


class BaseArtworkSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """An artwork with its fields and its index state."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.JSONField: JsonField,
    }
    url = serializers.SerializerMethodField(help_text="The page of the artwork, if it has one.")
    earliest = serializers.SerializerMethodField(
        help_text="The first year that the date allows; null if unknown or open."
    )
    latest = serializers.SerializerMethodField(
        help_text="The last year that the date allows; null if unknown or open."
    )
    width = serializers.SerializerMethodField(
        help_text="Pixels of the upright picture; null until a worker has read it."
    )
    height = serializers.SerializerMethodField(
        help_text="Pixels of the upright picture; null until a worker has read it."
    )
    sha256 = serializers.SerializerMethodField(
        help_text="SHA-256 of the file of the picture; null if it is not known yet."
    )
    thumbnails = serializers.SerializerMethodField()
    index = serializers.SerializerMethodField()

    @property
    def _readable_fields(self) -> list[Any]:
        chosen = self.context.get(CHOSEN_FIELDS)
        fields = super()._readable_fields
        return [each for each in fields if chosen is None or each.field_name in chosen]

    def build_standard_field(self, field_name: str, model_field: Any) -> Any:
        kind, options = super().build_standard_field(field_name, model_field)
        is_object = kind is JsonField and field_name == adapter().field("extra")
        return (JsonObjectField if is_object else kind), options

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_url(self, artwork: Any) -> str | None:
        own_address = getattr(artwork, "get_absolute_url", None)
        return self._address(own_address or partial(reverse, "stylesim:artwork", args=[artwork.pk]))

    def get_earliest(self, artwork: Any) -> int | None:
        return (adapter().years(artwork) or (None, None))[0]

    def get_latest(self, artwork: Any) -> int | None:
        return (adapter().years(artwork) or (None, None))[1]

    @extend_schema_field({"type": "integer", "minimum": 1, "nullable": True})
    def get_width(self, artwork: Any) -> int | None:
        return _entry_of(artwork).image_width

    @extend_schema_field({"type": "integer", "minimum": 1, "nullable": True})
    def get_height(self, artwork: Any) -> int | None:
        return _entry_of(artwork).image_height

    @extend_schema_field({"type": "string", "pattern": "^[0-9a-f]{64}$", "nullable": True})
    def get_sha256(self, artwork: Any) -> str | None:
        return _entry_of(artwork).image_sha256 or None

    @extend_schema_field(ThumbnailsSerializer(allow_null=True))
    def get_thumbnails(self, artwork: Any) -> dict[str, str | None] | None:
        if not adapter().image(artwork):
            return None
        name = "stylesim-api:artwork-thumbnail"
        return {
            size: self._address(partial(reverse, name, args=[artwork.pk, size])) for size in SIZES
        }

    @extend_schema_field(IndexStateSerializer(allow_null=True))
    def get_index(self, artwork: Any) -> dict[str, Any] | None:
        if not adapter().image(artwork):
            return None
        return IndexStateSerializer(_entry_of(artwork), context=self.context).data

    def validate_extra(self, value: Any) -> dict[str, Any]:
        # A host's own field of that name may lack the check.
        validate_object(value)
        return dict(value)

    def _address(self, path: Callable[[], str]) -> str | None:
        return absolute_address(self.context, path)


def _entry_of(artwork: Any) -> IndexEntry:
    """Return the index entry of an artwork; one without an entry counts as pending."""
    return getattr(artwork, "stylesim_entry", None) or IndexEntry()


@cache
def artwork_facts_serializer() -> type[BaseArtworkSerializer]:
    """Return the serializer without the picture, as JSON can hold it."""
    whole: Any = artwork_serializer()
    name = conf.artwork_image_field
    fields = [each for each in whole.Meta.fields if each != name]
    meta = type("Meta", (whole.Meta,), {"fields": fields})
    return type("ArtworkFactsSerializer", (whole,), {name: None, "Meta": meta})


@cache
def artwork_serializer() -> type[BaseArtworkSerializer]:
    """Return the serializer of the artwork model in use."""
    model = get_artwork_model()
    name = conf.artwork_image_field
    years = ["earliest", "latest"] if adapter().has_years() else []
    editable = adapter().editable_fields()
    times = [field for fact in TIMES if (field := adapter().field(fact)) not in (None, *editable)]
    # A host's own field of that name comes before ours.
    picture = [each for each in PICTURE_FIELDS if each not in editable]
    replaced: dict[str, Any] = dict.fromkeys(set(PICTURE_FIELDS) - set(picture))
    fields = ["id", "url", *editable, *years, *times, *picture, "thumbnails", "index"]
    return type(
        "ArtworkSerializer",
        (BaseArtworkSerializer,),
        {
            "__doc__": BaseArtworkSerializer.__doc__,
            "id": serializers.ModelField(model_field=model._meta.pk, read_only=True),
            name: UploadField(required=not model._meta.get_field(name).blank),
            **replaced,
            "Meta": type("Meta", (), {"model": model, "fields": fields, "read_only_fields": times}),
        },
    )
