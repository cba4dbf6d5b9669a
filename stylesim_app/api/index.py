"""The state of the index, and requests to index artworks again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from ..collection.visibility import may_index, sees_all, visible_artworks
from ..index import storage
from ..index.status import index_status
from ..models import IndexEntry
from ..work import audit, queue, worklist
from .answers import IndexAgainSerializer, IndexRequestedSerializer, IndexStatusSerializer
from .base import ApiView, parse_key
from .conditional import CONDITIONS
from .permissions import HasScope, MayIndex
from .problems import told_storages
from .schema import JSON, NOT_MODIFIED, describe, with_problems


class IndexView(ApiView):
    """The index of the artworks visible to the caller."""

    permission_classes = (HasScope, MayIndex)
    serializer_class = IndexAgainSerializer

    @describe(
        operation_id="getIndex",
        summary="Get the state of the index",
        parameters=CONDITIONS,
        responses=with_problems({200: IndexStatusSerializer, **NOT_MODIFIED}, 401, 403),
    )
    def get(self, request: Request) -> Response:
        status = index_status(visible_artworks(request))
        if not (may_index(request.user) and sees_all(request)):
            # A calibration counts works that the caller may not see.
            status.calibrated_on = None
        context = {"storage": told_storages(request.user, storage.problems())}
        return Response(IndexStatusSerializer(status, context=context).data)

    @describe(
        operation_id="requestIndexing",
        summary="Index artworks again",
        request={JSON: IndexAgainSerializer},
        responses=with_problems({202: IndexRequestedSerializer}, 400, 401, 403, 411, 413, 415),
    )
    def post(self, request: Request) -> Response:
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted: dict[str, Any] = asked.validated_data
        visible = visible_artworks(request)
        if "artworks" in wanted:
            visible = visible.filter(pk__in=_find_keys(visible, wanted["artworks"]))
        entries = IndexEntry.objects.filter(artwork__in=visible.order_by().values("pk"))
        if "state" in wanted:
            entries = entries.filter(state=wanted["state"])
        with transaction.atomic():
            audit.record_asked_again(entries)
            requested = worklist.request_again(entries)
            transaction.on_commit(queue.ring, robust=True)
        return Response({"requested": requested}, status=202)


def _find_keys(visible: QuerySet[Any], ids: list[str]) -> list[Any]:
    """Return the keys of artworks. Raises ValidationError naming each id that is not visible."""
    keys = {text: parse_key(text) for text in ids}
    found = set(visible.filter(pk__in=set(keys.values()) - {None}).values_list("pk", flat=True))
    missing = [text for text, key in keys.items() if key not in found]
    if missing:
        reason = _("Not found, or you do not have access: %(ids)s.") % {"ids": ", ".join(missing)}
        raise ValidationError({"artworks": [reason]})
    return list(found)
