"""What the commands print as JSON: the shapes of the API, without what only a request knows."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from ..collection.adapter import adapter
from ..conf import conf
from ..index.status import IndexStatus
from ..ranking.results import RankedAnswer


def ranking_json(answer: RankedAnswer) -> str:
    """Return a ranked answer to an image file."""
    return _dump(
        {
            "query": answer.query,
            "preset": answer.preset,
            "style_weight": answer.weighting.style_weight,
            "content_weight": answer.weighting.content_weight,
            "layer_weights": answer.weighting.layer_weights,
            "certified": answer.certified,
            "coverage": {"indexed": answer.indexed, "visible": answer.visible},
            "provenance": None if answer.provenance is None else answer.provenance.to_json(),
            "results": [
                {
                    "rank": result.rank,
                    "artwork": _describe_artwork(result.artwork),
                    "distance": result.distance,
                    "style_distance": result.style_distance,
                    "content_distance": result.content_distance,
                    "layer_distances": result.layer_distances,
                    "closer_than": result.closer_than,
                }
                for result in answer.results
            ],
        }
    )


def status_json(status: IndexStatus) -> str:
    """Return where the index stands."""
    return _dump(
        {
            "visible": status.visible,
            "indexed": status.indexed,
            "states": status.states,
            "provenance": None if status.provenance is None else status.provenance.to_json(),
            "calibrated_on": status.calibrated_on,
            "lists_missing": status.lists_missing,
            "worker": {"seen_at": status.worker_seen, "alive": status.worker_alive},
        }
    )


def _describe_artwork(artwork: Any) -> dict[str, Any]:
    fields = [name for name in adapter().editable_fields() if name != conf.artwork_image_field]
    return {"id": artwork.pk, **{name: getattr(artwork, name) for name in fields}}


def _dump(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
