"""Works without pictures: descriptors made of random numbers, and their rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from stylesim_app import files
from stylesim_app.core import compression
from stylesim_app.core.descriptors import (
    CHANNELS,
    CONTENT_LAYER,
    LAYERS,
    STYLE_LAYERS,
    Descriptor,
    Provenance,
)
from stylesim_app.core.distances import Weighting, measure_parts
from stylesim_app.core.images import ImageFacts, Picture
from stylesim_app.index import sets, storing
from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor, WorkItem

PROVENANCE = Provenance(weights="paintings", weights_sha256="synthetic", precision="float32")
#: Channels of a small network, and how many of them its bases keep.
SMALL_CHANNELS, SMALL_BASIS = 12, 6


def shrink_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let descriptors be of a network so small that hundreds cost nothing."""
    for layer in LAYERS:
        monkeypatch.setitem(CHANNELS, layer, SMALL_CHANNELS)
    monkeypatch.setattr(compression, "BASIS_CHANNELS", SMALL_BASIS)


def draw_small(count: int, seed: int = 0, provenance: Provenance = PROVENANCE) -> list[Descriptor]:
    """Descriptors of the small network: a few directions in which works vary much, and noise."""
    generator = np.random.default_rng(seed)
    gram, content = SMALL_CHANNELS * (SMALL_CHANNELS + 1) // 2, 4 * SMALL_CHANNELS
    drawn = {}
    for layer in LAYERS:
        width, scale = (content, 30.0) if layer == CONTENT_LAYER else (gram, 0.01)
        directions = generator.normal(size=(5, width))
        values = generator.normal(size=(count, 5)) @ directions
        values += generator.normal(0, 0.7, (count, width))
        drawn[layer] = (scale * values).astype(np.float32)
    return [as_stored(_take(drawn, index, provenance)) for index in range(count)]


def blend(
    described: Mapping[str, Descriptor], count: int, noise: float = 0.3, seed: int = 0
) -> list[Descriptor]:
    """Descriptors of full size: random mixtures of real ones, and noise in every direction."""
    generator = np.random.default_rng(seed)
    shares = generator.dirichlet(np.full(len(described), 0.5), count).astype(np.float32)
    provenance = next(iter(described.values())).provenance
    drawn = {}
    for layer in LAYERS:
        real = np.stack([each.layer(layer) for each in described.values()])
        spread = float(np.linalg.norm(real - real.mean(axis=0), axis=1).mean())
        values = shares @ real
        deviation = noise * spread / np.sqrt(values.shape[1])
        values += generator.standard_normal(values.shape, np.float32) * np.float32(deviation)
        drawn[layer] = values
    return [_take(drawn, index, provenance) for index in range(count)]


def as_stored(descriptor: Descriptor) -> Descriptor:
    """Rounded as a file rounds it."""
    return Descriptor.from_bytes(descriptor.to_bytes())


def _take(drawn: Mapping[str, Any], index: int, provenance: Provenance) -> Descriptor:
    return Descriptor(
        {layer: drawn[layer][index] for layer in STYLE_LAYERS},
        drawn[CONTENT_LAYER][index],
        provenance,
    )


def store_works(
    descriptors: Sequence[Descriptor], names: Sequence[str] | None = None
) -> dict[int, Descriptor]:
    """Rows of artworks that have these descriptors, by artwork key; in no store and no list.

    ``names`` are files that hold the descriptors already. Every fourth work is not public; five
    artists made them, in three collections.
    """
    names = names or [files.write("descriptors", "st", each.to_bytes()) for each in descriptors]
    start = Artwork.objects.count()
    artworks = Artwork.objects.bulk_create(
        Artwork(
            title=f"work {number}",
            artist=f"Artist {number % 5}",
            collection=f"Collection {number % 3}",
            is_public=number % 4 != 0,
            image=f"{number}.png",
        )
        for number in range(start, start + len(descriptors))
    )
    entries = IndexEntry.objects.bulk_create(
        IndexEntry(artwork=each, image_name=str(each.image.name), state=WorkItem.State.INDEXED)
        for each in artworks
    )
    descriptor_set = sets.open_set(descriptors[0].provenance)
    StoredDescriptor.objects.bulk_create(
        StoredDescriptor(entry=entry, descriptor_set=descriptor_set, file_name=name)
        for entry, name in zip(entries, names, strict=True)
    )
    return {each.pk: known for each, known in zip(artworks, descriptors, strict=True)}


def formula(a: Descriptor, b: Descriptor, weighting: Weighting) -> float:
    """The distance as it is defined, from the distances by layer."""
    layers, content = measure_parts(a, b)
    squares = [w * float(d) ** 2 for w, d in zip(weighting.layer_weights, layers, strict=True)]
    style = float(np.sqrt(sum(squares)))
    return weighting.style_weight * style + weighting.content_weight * content


def brute_force(
    query: Descriptor, works: Mapping[int, Descriptor], weighting: Weighting, limit: int
) -> list[tuple[int, float]]:
    """Keys and distances of the nearest works, from the distances of all; the least key first
    where they are equal."""
    ranked = sorted((formula(query, each, weighting), key) for key, each in works.items())
    return [(key, distance) for distance, key in ranked[:limit]]


def describe_artwork(pk: int, descriptor: Descriptor, picture: str) -> None:
    """Do what a worker does once the network described an artwork; ``picture`` names the bytes of
    its file, so that another name is another picture."""
    token = uuid.uuid4()
    entries = IndexEntry.objects.filter(artwork=pk)
    entries.update(state=WorkItem.State.PENDING, lease_token=token)
    pixels = np.zeros((1, 1, 3), np.uint8)
    storing.store(
        entries.get(),
        Picture(pixels, ImageFacts("PNG", width=1, height=1), sha256=picture),
        storing.Described(descriptor),
    )
