"""Serializers of the sets that people keep."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ..collection.visibility import visible_artworks
from ..models import Selection
from ..selections import finding, keeping
from .base import MAX_KEY
from .serializers import StrictSerializer, absolute_address


class KeysField(serializers.ListField):
    """The IDs of artworks in an order, as written; each must be visible to the caller."""

    child = serializers.CharField(max_length=MAX_KEY)

    def to_internal_value(self, data: Any) -> list[Any]:
        texts = super().to_internal_value(data)
        request = self.context["request"]
        keys = finding.keys_of_visible(texts, visible_artworks(request))
        found = {str(key) for key in keys}
        missing = [
            text for text in dict.fromkeys(texts) if str(finding.read_key(text)) not in found
        ]
        if missing:
            reason = _("Not found, or you do not have access: %(ids)s.")
            raise serializers.ValidationError(reason % {"ids": ", ".join(missing[:20])})
        return keys

    def to_representation(self, data: Any) -> Any:
        return [each if isinstance(each, int) else str(each) for each in data]


class SetSerializer(StrictSerializer, serializers.ModelSerializer[Selection]):
    """A set, without its works."""

    url = serializers.SerializerMethodField(help_text="The page of the set, if it has one.")
    owner = serializers.CharField(source="owner.get_username", read_only=True)
    works = serializers.SerializerMethodField(
        help_text="The number of its works that the caller may see."
    )
    shared = serializers.BooleanField(
        source="is_shared",
        required=False,
        help_text="Whether there is a link by which others may read it. A change from false to "
        "true makes a new link.",
    )
    token = serializers.SerializerMethodField(
        help_text="The token of the link, for its owner only: it stands for the ID when reading."
    )

    class Meta:
        model = Selection
        fields = (
            *("id", "url", "name", "note", "owner", "works", "shared", "token"),
            *("created", "modified"),
        )
        extra_kwargs = {"note": {"max_length": 2000}}

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True})
    def get_url(self, selection: Selection) -> str | None:
        reference = self.context.get("reference") or selection.pk
        return absolute_address(self.context, partial(reverse, "stylesim:set", args=[reference]))

    def get_works(self, selection: Selection) -> int:
        counted = getattr(selection, "works", None)
        return len(self._keys(selection)) if counted is None else int(counted)

    @extend_schema_field({"type": "string", "nullable": True})
    def get_token(self, selection: Selection) -> str | None:
        is_own = selection.owner_id == self.context["request"].user.pk
        return selection.share_token if is_own else None

    def _keys(self, selection: Selection) -> list[Any]:
        if not hasattr(selection, "shown_keys"):
            items = finding.shown_items(selection, visible_artworks(self.context["request"]))
            selection.shown_keys = list(  # type: ignore[attr-defined]
                items.values_list("artwork", flat=True)
            )
        found: list[Any] = selection.shown_keys  # type: ignore[attr-defined]
        return found


class SetDetailSerializer(SetSerializer):
    """A set with the IDs of those works that the caller may see, in its order."""

    artworks = KeysField(
        required=False,
        max_length=keeping.MAX_WORKS,
        source="shown_keys",
        help_text="Replaces all works that the caller may see.",
    )

    class Meta(SetSerializer.Meta):
        fields = (*SetSerializer.Meta.fields, "artworks")  # type: ignore[assignment]

    def to_representation(self, selection: Selection) -> Any:
        self._keys(selection)
        return super().to_representation(selection)

    def create(self, values: dict[str, Any]) -> Selection:
        user = self.context["request"].user
        keys, shared = values.pop("shown_keys", []), values.pop("is_shared", False)
        with transaction.atomic():
            made: Selection = self._keep(lambda: keeping.create(user, keys=keys, **values))
            if shared:
                keeping.share(made)
        return made

    def update(self, selection: Selection, values: dict[str, Any]) -> Selection:
        keys, shared = values.pop("shown_keys", None), values.pop("is_shared", None)
        with transaction.atomic():
            selection = super().update(selection, values)
            if keys is not None:
                visible = visible_artworks(self.context["request"])
                self._keep(lambda: keeping.replace(selection, keys, visible))
            if shared is not None:
                (keeping.share if shared else keeping.revoke)(selection)
        vars(selection).pop("shown_keys", None)
        return selection

    def _keep(self, act: Any) -> Any:
        try:
            return act()
        except keeping.SelectionFull as error:
            raise serializers.ValidationError({"artworks": [str(error)]}) from error


class SetWorksSerializer(StrictSerializer):
    """Works to add to the end of a set."""

    artworks = KeysField(min_length=1, max_length=1000)


class AddedSerializer(serializers.Serializer[Any]):
    """The number of works that were not in the set before."""

    added = serializers.IntegerField(min_value=0)
