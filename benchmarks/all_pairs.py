"""Distances of all pairs of pictures: the literal procedure against an indexed collection."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import piq
import torch

from stylesim_app.core.descriptors import STYLE_LAYERS
from stylesim_app.core.distances import EQUAL_LAYER_WEIGHTS
from stylesim_app.core.vgg import LAYER_INDEX
from stylesim_app.core.weights import load_weights

from . import site
from .literal import Literal
from .pictures import find_pictures
from .report import Goal, Result
from .timing import median_seconds

WORKS = 1_000
#: Pictures of which all pairs are measured literally; the rest is extrapolated.
SAMPLE = 4

AGAIN = "literal: both pictures described again for each pair (extrapolated)"
KEPT = "literal: maps kept, Gram matrices for each pair (extrapolated)"
PIQ = "piq's StyleLoss and ContentLoss (extrapolated)"


def run() -> Result:
    [ours] = site.measure_in_site("all_pairs_in_site", "embedded", str(WORKS))
    pairs = ours["works"] * (ours["works"] - 1) / 2
    literal = {name: pairs * seconds for name, seconds in _measure_pairs().items()}
    whole = ours["describing s"] + ours["calibrating and listing s"]
    figures: list[dict[str, Any]] = [
        {"": name, "seconds": seconds, "times ours": seconds / whole}
        for name, seconds in literal.items()
    ]
    figures += [
        {"": "ours: from files to lists", "seconds": whole, "times ours": 1.0},
        {"": "ours: describing", "seconds": ours["describing s"]},
        {"": "ours: calibrating and listing", "seconds": ours["calibrating and listing s"]},
    ]
    return Result(
        name="all_pairs",
        description=(
            f"All {pairs:,.0f} pairs of {ours['works']:,} pictures. The literal ways are measured "
            f"on the pairs of {SAMPLE} pictures and extrapolated. Ours makes lists of the 50 "
            f"nearest; {ours['different']} of {ours['entries']:,} entries are not the formula's."
        ),
        figures=figures,
        goals=[
            Goal("literal, again / ours", literal[AGAIN] / whole, 100.0),
            Goal("entries that differ", ours["different"], 0.0, at_least=False),
        ],
        plot=lambda axes: _plot(axes, figures[:4]),
    )


def _measure_pairs() -> dict[str, float]:
    """Return the seconds that one pair takes."""
    literal = Literal(load_weights("paintings", Path()))
    paths = find_pictures(SAMPLE)
    maps = {path: literal.feature_maps(path) for path in paths}
    pixels = {path: literal.read(path) for path in paths}
    style = piq.StyleLoss(
        feature_extractor=literal.features,
        layers=[str(LAYER_INDEX[layer]) for layer in STYLE_LAYERS],
        weights=EQUAL_LAYER_WEIGHTS,
        mean=[0.0] * 3,
        std=[1.0] * 3,
    )
    content = piq.ContentLoss(
        feature_extractor=literal.features,
        layers=[str(len(literal.features) - 1)],
        mean=[0.0] * 3,
        std=[1.0] * 3,
    )
    pairs = list(itertools.combinations(paths, 2))

    def measure_with_piq() -> None:
        with torch.no_grad():
            for a, b in pairs:
                style(pixels[a], pixels[b]) + content(pixels[a], pixels[b])

    seconds = median_seconds(
        {
            AGAIN: lambda: [
                literal.distance(literal.feature_maps(a), literal.feature_maps(b)) for a, b in pairs
            ],
            KEPT: lambda: [literal.distance(maps[a], maps[b]) for a, b in pairs],
            PIQ: measure_with_piq,
        },
        rounds=3,
    )
    return {name: value / len(pairs) for name, value in seconds.items()}


def _plot(axes: Any, figures: list[dict[str, Any]]) -> None:
    names = [row[""].replace(": ", ":\n", 1) for row in figures]
    bars = axes.barh(names, [row["seconds"] for row in figures], color="#2f6f8f")
    axes.set_xscale("log")
    axes.bar_label(bars, fmt="{:,.0f} s", padding=4)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("seconds")
