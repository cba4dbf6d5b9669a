"""What a ranking costs that reads every exact descriptor, against reading the bytes alone."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from stylesim_app.core.descriptors import STYLE_LAYERS, Descriptor, Provenance
from stylesim_app.core.distances import measure_parts

from .timing import median_seconds

WORKS = 100
SIZES = dict(zip(STYLE_LAYERS, (2080, 8256, 32896, 131328, 131328), strict=True))
CONTENT_SIZE = 512 * 14 * 14


def run() -> dict[str, str]:
    generator = np.random.default_rng(0)
    provenance = Provenance(weights="none", weights_sha256="", precision="float32")

    def draw() -> Descriptor:
        return Descriptor(
            style={layer: generator.random(size, np.float32) for layer, size in SIZES.items()},
            content=generator.random(CONTENT_SIZE, np.float32),
            provenance=provenance,
        )

    query = draw()
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / str(index) for index in range(WORKS)]
        for path in paths:
            path.write_bytes(draw().to_bytes())
        seconds = median_seconds(
            {
                "bytes": lambda: [path.read_bytes() for path in paths],
                "rank": lambda: [
                    measure_parts(query, Descriptor.from_bytes(path.read_bytes())) for path in paths
                ],
            }
        )
    return {
        "reading and measuring a work, one thread": f"{1e3 * seconds['rank'] / WORKS:.2f} ms",
        "measuring / reading the bytes": f"{seconds['rank'] / seconds['bytes']:.1f}",
    }
