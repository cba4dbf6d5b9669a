"""Speed of extracting descriptors, against the literal way and the limit of the processor.

The precision is that of the environment's ``STYLESIM_PRECISION``, ``auto`` by default.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch
from django.core.files.storage import FileSystemStorage
from django.test import override_settings

from stylesim_app.conf import conf
from stylesim_app.core.descriptors import Descriptor
from stylesim_app.core.distances import DistanceParts, Weighting, measure_parts
from stylesim_app.core.embedding import PictureEmbedding, RegionEmbedding
from stylesim_app.core.errors import CoreError
from stylesim_app.core.images import Picture
from stylesim_app.core.same_picture.detail import WORK, Detail
from stylesim_app.core.same_picture.vocabulary import load_vocabulary
from stylesim_app.core.vgg import PRECISIONS, Network, build_network
from stylesim_app.core.weights import Weights, load_weights
from stylesim_app.work import pipeline
from stylesim_app.work.pipeline import Computed, Late, Outcome
from stylesim_app.work.worker import UNDER_WAY

from .literal import Literal, describe_literally
from .pictures import draw_pictures, find_pictures
from .report import Goal, Result
from .timing import median_seconds

PICTURES = 48
#: Number of these that the literal way processes in each round.
LITERAL_PICTURES = 8
FIDELITY_PICTURES = 150
TOP = 10
#: Pictures between all of which distances are compared with those of float64.
EXACT_PICTURES = 10
MATRIX = 3072
#: Multiplications and additions of VGG19 to relu5_2 for one picture of 224 x 224.
NETWORK_FLOP = 37.1e9

LITERAL = "literal: one by one, float32, hooks, bmm"
OURS = "ours: decoded, described and written beside one another"
INDEXING = "indexing: the same, with the local features and vectors of all lanes"
NETWORK = "the network and the Gram matrices alone"
DECODING = "decoding and resizing alone, in one thread"
WRITING = "writing alone"
FLOOR = "floor: the network at the rate of a large matrix product"


@override_settings(STYLESIM_WEIGHTS="paintings", STYLESIM_DEVICE="cpu")
def run() -> Result:
    with override_settings(STYLESIM_PRECISION=os.environ.get("STYLESIM_PRECISION", "auto")):
        return _run()


def _run() -> Result:
    weights = load_weights("paintings", Path())
    network = pipeline.get_network()
    with tempfile.TemporaryDirectory() as folder:
        drawn = draw_pictures(Path(folder), PICTURES)
        milliseconds = _measure_speed(network, drawn)
        compared = find_pictures(FIDELITY_PICTURES) or drawn
        filtered = network.provenance.precision == "float32"
        measure = _measure_deviation if filtered else _measure_fidelity
        fidelity = measure(weights, network, compared)
    ours = milliseconds[OURS]
    return Result(
        name="extraction_float32" if filtered else "extraction",
        description=(
            f"From JPEG files of two megapixels to descriptors, {PICTURES} pictures, in batches of "
            f"{conf.batch_size}, in {network.provenance.precision}, on the processor."
        ),
        figures=[
            {"": name, "ms a picture": value, "times ours": value / ours}
            for name, value in milliseconds.items()
        ],
        goals=[
            Goal("literal / ours", milliseconds[LITERAL] / ours, 2.0 if filtered else 2.5),
            # Minimal filtering needs fewer products than the floor counts.
            Goal("floor / ours", milliseconds[FLOOR] / ours, 1.0 if filtered else 0.75),
            Goal("indexing / ours", milliseconds[INDEXING] / ours, 1.25, at_least=False),
            fidelity,
        ],
        plot=lambda axes: _plot(axes, milliseconds),
    )


def _plot(axes: Any, milliseconds: Mapping[str, float]) -> None:
    bars = axes.barh(
        [name.replace(": ", ":\n") for name in milliseconds],
        list(milliseconds.values()),
        color=["#2f6f8f" if name == OURS else "#b8c4cc" for name in milliseconds],
    )
    axes.bar_label(bars, fmt="%.0f", padding=4)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("milliseconds a picture")


def _measure_speed(network: Network, paths: Sequence[Path]) -> dict[str, float]:
    """Measure milliseconds a picture, for each way and each part, measured in turn."""
    matrix = torch.randn(MATRIX, MATRIX).to(PRECISIONS[network.provenance.precision])
    pictures = [pipeline.decode_picture(path.read_bytes()) for path in paths]
    [descriptor] = pipeline.describe(pictures[:1])
    # The literal way runs in a separate process with the default memory allocation.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        seconds = median_seconds(
            {
                LITERAL: lambda: process.submit(
                    describe_literally, paths[:LITERAL_PICTURES]
                ).result(),
                OURS: lambda: _extract(paths),
                INDEXING: lambda: _extract(paths, WORK, _add_vectors),
                NETWORK: lambda: _describe(pictures),
                DECODING: lambda: [pipeline.decode_picture(path.read_bytes()) for path in paths],
                WRITING: lambda: _write(paths[0], descriptor),
                FLOOR: lambda: matrix @ matrix,
            },
            rounds=5,
        )
    counts = {LITERAL: LITERAL_PICTURES, WRITING: 1, FLOOR: 2 * MATRIX**3 / NETWORK_FLOP}
    return {name: 1e3 * value / counts.get(name, len(paths)) for name, value in seconds.items()}


def _extract(
    paths: Sequence[Path],
    detail: Detail | None = None,
    on_stored: Callable[[Computed], None] = lambda _: None,
) -> None:
    """Extract descriptors as a worker does, without its database."""
    storage = FileSystemStorage(paths[0].parent)
    size = conf.batch_size
    batches = [paths[start : start + size] for start in range(0, len(paths), size)]
    with pipeline.Pipeline() as running:

        def start(batch: Sequence[Path]) -> Future[list[Outcome]]:
            named = [(storage, path.name) for path in batch]
            return running.start(named, pipeline.describe, detail)

        started = [start(batch) for batch in batches[:UNDER_WAY]]
        for number, batch in enumerate(batches):
            for path, outcome in zip(batch, started[number].result(), strict=True):
                while isinstance(outcome, Late):
                    [outcome] = running.resume([outcome.decoding], pipeline.describe).result()
                if isinstance(outcome, CoreError):
                    raise outcome
                _write(path, outcome.result)
                on_stored(outcome)
            started += [start(later) for later in batches[number + UNDER_WAY :][:1]]


def _add_vectors(computed: Computed) -> None:
    """Compute what the other lanes store."""
    if computed.picture.features is not None:
        load_vocabulary().encode(computed.picture.features)
    for embedding in (PictureEmbedding, RegionEmbedding):
        embedding.shipped().describe(computed.result)


def _describe(pictures: Sequence[Picture]) -> None:
    for start in range(0, len(pictures), conf.batch_size):
        pipeline.describe(pictures[start : start + conf.batch_size])


def _write(path: Path, descriptor: Descriptor) -> None:
    path.with_suffix(".safetensors").write_bytes(descriptor.to_bytes())


def _measure_deviation(weights: Weights, network: Network, paths: Sequence[Path]) -> Goal:
    """Compare the distances between some pictures with those of the literal way in float64."""
    paths = paths[:: max(1, len(paths) // EXACT_PICTURES)][:EXACT_PICTURES]
    literal = Literal(weights)
    literal.features.double()
    literal.mean, literal.std = literal.mean.double(), literal.std.double()
    exact = [literal.describe(path) for path in paths]
    pixels = np.stack([pipeline.decode_picture(path.read_bytes()).pixels for path in paths])
    found = network.describe(pixels)
    pairs = list(itertools.combinations(range(len(paths)), 2))
    parts = DistanceParts.stack(measure_parts(found[a], found[b]) for a, b in pairs)
    expected = [
        [float((one - other).norm()) for one, other in zip(exact[a], exact[b], strict=True)]
        for a, b in pairs
    ]
    deviations = np.column_stack([parts.layers, parts.content]) / np.array(expected) - 1
    return Goal(
        f"largest relative deviation of a layer's distance from float64's, {len(pairs)} pairs",
        float(np.abs(deviations).max()),
        1e-4,
        at_least=False,
    )


def _measure_fidelity(weights: Weights, network: Network, paths: Sequence[Path]) -> Goal:
    """Measure the share of float32's ten nearest works that stored descriptors find."""
    exact = build_network(weights, precision="float32", device="cpu")
    stored, true = [], []
    for start in range(0, len(paths), conf.batch_size):
        batch = paths[start : start + conf.batch_size]
        pixels = np.stack([pipeline.decode_picture(path.read_bytes()).pixels for path in batch])
        true += exact.describe(pixels)
        stored += [Descriptor.from_bytes(each.to_bytes()) for each in network.describe(pixels)]
    shared = [
        len(set(ours) & set(theirs))
        for ours, theirs in zip(_find_nearest(stored), _find_nearest(true), strict=True)
    ]
    return Goal(
        f"share of each top {TOP} that is float32's, {len(paths)} pictures",
        sum(shared) / (TOP * len(shared)),
        0.995,
    )


def _find_nearest(descriptors: Sequence[Descriptor]) -> Iterator[list[int]]:
    """Yield the positions of the nearest others of each, at the default weights."""
    for query in descriptors:
        parts = DistanceParts.stack(measure_parts(query, each) for each in descriptors)
        order = np.argsort(parts.distances(Weighting()), kind="stable")
        yield [int(place) for place in order if descriptors[place] is not query][:TOP]
