"""A site with a row of everything, and the addresses of its pages."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from project.access.tokens import make_token
from stylesim_app import files
from stylesim_app.core.descriptors import Descriptor
from stylesim_app.index import sets, upkeep
from stylesim_app.models import (
    Artwork,
    CompactIndex,
    DescriptorSet,
    ImageSearch,
    RemovedPicture,
    StorageFinding,
    WorkerSign,
    WorkItem,
)
from stylesim_app.selections import keeping
from stylesim_app.webhooks.models import Delivery, Endpoint, Event
from tests.admin_pages import fail

LANES = ("same_picture", "artist_style", "content", "regions", "measure")


def furnish(user: Any, described: Descriptor) -> dict[str, list[str]]:
    """Add rows to the collection of the tests; return addresses of routes that need a value."""
    upkeep.maintain(60, idle=True)
    Artwork.objects.get(title="corner-c").delete()
    works = list(Artwork.objects.order_by("pk"))
    fail(works[-1])
    search = _search(described)
    selection = keeping.create(user, "Discs", "For the catalogue.", [w.pk for w in works[:4]])
    reference = keeping.share(selection)
    endpoint = _internals(user)
    work, ids = works[0].pk, ",".join(str(each.pk) for each in works)
    admin = "/admin/stylesim_app/artwork"
    return {
        "stylesim:gallery": ["/", "/?q=disc&artist=Artist+A", "/?q=nothing+like+this"],
        "stylesim:artwork": [
            f"/artworks/{works[-1].pk}/",
            f"/artworks/{work}/?style_weight=1&content_weight=0.1",
            *(f"/artworks/{work}/?lane={lane}" for lane in LANES),
        ],
        "stylesim:search-results": [f"/search/{search.pk}/"],
        "stylesim:pairs": ["/pairs/", "/pairs/?lane=measure"],
        "stylesim:set": [f"/sets/{selection.pk}/", f"/sets/{reference}/"],
        "stylesim:set-keep": [f"/sets/keep/?works={work}"],
        "stylesim:set-delete": [f"/sets/{selection.pk}/delete/"],
        "admin:app_list": [f"/admin/{app}/" for app in ("stylesim_app", "stylesim_webhooks")],
        "admin:stylesim_app_artwork_changelist": [f"{admin}/", f"{admin}/?q=nothing"],
        "admin:stylesim_app_artwork_pairs": [f"{admin}/pairs/?lane=measure"],
        "admin:stylesim_app_artwork_similar": [f"{admin}/similar/?ids={ids}"],
        "admin:stylesim_app_artwork_similar_table": [f"{admin}/similar/table/?ids={ids}"],
        "admin:stylesim_app_artwork_surroundings": [f"{admin}/{work}/surroundings/"],
        "admin:stylesim_webhooks_endpoint_secret": [
            reverse("admin:stylesim_webhooks_endpoint_secret", args=[endpoint.pk])
        ],
    }


def _search(described: Descriptor) -> ImageSearch:
    return ImageSearch.objects.create(
        state=WorkItem.State.INDEXED,
        descriptor_name=files.write("searches", "safetensors", described.to_bytes()),
        descriptor_set=sets.serving_set(),
    )


def _internals(user: Any) -> Endpoint:
    """Add a row to each table that the admin shows."""
    make_token(user, "Import", ["read"], timedelta(days=1))
    CompactIndex.objects.create(descriptor_set=DescriptorSet.objects.get(), collection_size=12)
    WorkerSign.objects.create(host="studio", pid=77, seen_at=timezone.now())
    RemovedPicture.objects.create(image_name="a.png", artwork_key="7", title="Removed")
    StorageFinding.objects.create(kind="damaged", place="descriptors", name="7.safetensors")
    endpoint = Endpoint.objects.create(name="Catalogue", url="https://example.org/", owner=user)
    Delivery.objects.create(endpoint=endpoint, event=Event.TEST, event_id=uuid.uuid4())
    return endpoint
