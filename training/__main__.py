"""``python -m training prepare|train|evaluate|whiten|export|vocabulary``: train custom weights."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from stylesim_app.core.descriptors import LAYERS
from stylesim_app.core.errors import CoreError
from stylesim_app.core.vgg import build_network
from stylesim_app.core.weights import load_weights

from .balance import PICTURES, balance
from .evaluate import evaluate_folder
from .export import export
from .pictures import ManifestError, Pictures, prepare
from .recipe import RECIPES, Stage
from .run import Plan, Run, begun_plan, choose_held_out, steps_for, trained_weights
from .whitening import fit_whitenings


def main() -> None:
    options = _parser().parse_args()
    try:
        options.run(options)
    except (ManifestError, CoreError) as error:
        sys.exit(f"python -m training: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    verb = _add(verbs, "prepare", _prepare, "decode the pictures of a manifest into one array")
    verb.add_argument("folder", type=Path, help="has manifest.csv: file, and a column a label")
    verb.add_argument("output", type=Path)
    verb.add_argument("--labels", nargs="+", default=["artist", "movement"], metavar="COLUMN")

    verb = _add(verbs, "train", _train, "train, or go on with a run that was broken off")
    verb.add_argument("pictures", type=Path, help="what prepare wrote")
    verb.add_argument("output", type=Path, help="folder for the plan, the checkpoint and the log")
    length = verb.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=150.0, help="how long, about (150)")
    length.add_argument("--steps", type=int, help="how long, exactly")
    verb.add_argument("--recipe", choices=RECIPES, default="copies", help="what for (copies)")
    verb.add_argument("--hold-out", type=int, default=0, metavar="CLASSES")
    verb.add_argument("--start", metavar="WEIGHTS", help="go on from paintings, imagenet or a file")
    verb.add_argument("--freeze", metavar="LAYER", choices=LAYERS[:-1], help="keep all up to it")
    verb.add_argument(
        "--sizes", nargs="+", type=int, metavar="PIXELS", help="of the views, in equal parts"
    )
    verb.add_argument("--seed", type=int, default=0)
    verb.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    verb.add_argument("--workers", type=int, default=0, help="processes that draw the views (0)")

    verb = _add(verbs, "evaluate", _evaluate, "what weights find in a folder of labelled pictures")
    verb.add_argument("weights", help="paintings, imagenet, or a file")
    verb.add_argument("folder", type=Path)
    verb.add_argument("--labels", nargs="+", default=[], metavar="COLUMN")
    verb.add_argument("--among", nargs="+", type=Path, default=[], metavar="FOLDER")
    verb.add_argument("--split", metavar="COLUMN")
    verb.add_argument("--layers", action="store_true", help="each style layer alone, too")

    verb = _add(verbs, "whiten", _whiten, "fit what compares styles and regions")
    verb.add_argument("weights", help="paintings, imagenet, or a file")
    verb.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    verb.add_argument("--output", type=Path, required=True, metavar="FOLDER")
    verb.add_argument(
        "--keep", type=Path, required=True, metavar="FOLDER", help="for descriptors, 0.8 MB each"
    )
    verb.add_argument(
        "--every", type=_positive, default=1, metavar="N", help="use each N-th picture (1)"
    )
    verb.add_argument(
        "--label", metavar="COLUMN", help="discount what differs within a label (no labels)"
    )

    verb = _add(verbs, "export", _export, "write the weights of a run as the app loads them")
    verb.add_argument("run_folder", type=Path, metavar="RUN")
    verb.add_argument("output", type=Path, help="a .safetensors file")
    verb.add_argument(
        "--balance", type=Path, metavar="PICTURES", help="scale layers by what prepare wrote"
    )
    verb.add_argument("--origin", nargs="+", default=[], metavar="KEY=TEXT", help="for its header")

    verb = _add(verbs, "vocabulary", _vocabulary, "fit the visual words of the same-picture lane")
    verb.add_argument("folder", type=Path, help="of JPEG files, with any folders in it")
    verb.add_argument("output", type=Path, help="a .safetensors file")
    verb.add_argument("--pictures", type=int, metavar="N", help="the first N by name (all)")
    verb.add_argument("--seed", type=int, default=0)
    return parser


def _add(verbs: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text)
    parser.set_defaults(run=run)
    return parser


def _positive(text: str) -> int:
    """Return a whole number of at least 1. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text}")
    return int(text)


def _prepare(options: argparse.Namespace) -> None:
    failures = prepare(options.folder, options.labels, options.output)
    print(f"{len(Pictures.open(options.output))} pictures prepared, {len(failures)} unreadable")
    print(*failures, sep="\n", end="")


def _train(options: argparse.Namespace) -> None:
    pictures = Pictures.open(options.pictures)
    held_out = choose_held_out(pictures, options.hold_out, options.seed)
    recipe = RECIPES[options.recipe]
    if options.sizes:
        recipe = replace(recipe, stages=tuple(Stage(1.0, size) for size in options.sizes))
    start = {"start": options.start, "frozen": options.freeze}
    plan = Plan(options.steps or 1, options.seed, held_out, recipe, **start)
    begun = begun_plan(options.output)
    if options.steps is None and begun is not None:
        plan = replace(plan, steps=begun["steps"])
    elif options.steps is None:
        rest = options.device, options.workers
        plan = replace(plan, steps=steps_for(options.minutes, pictures, plan, *rest))
    print(f"{plan.steps} steps; held out: {', '.join(held_out) or 'nothing'}")
    for line in Run(options.output, pictures, plan, options.device, options.workers).carry_out():
        print(*(f"{name} {value:.4g}" for name, value in line.items()), sep="  ", flush=True)


def _evaluate(options: argparse.Namespace) -> None:
    network = build_network(load_weights(options.weights, Path()))
    scores = evaluate_folder(
        network, options.folder, options.labels, options.among, options.split, options.layers
    )
    print(f"{'':24} {'':9} queries   first  (+-)     ten")
    for each in scores:
        shares = f"{each.first:.3f}  {each.spread:.3f}  {each.ten:.3f}"
        print(f"{each.task:24} {each.weighting:9} {each.queries:7}   {shares}")


def _whiten(options: argparse.Namespace) -> None:
    network = build_network(load_weights(options.weights, Path()))
    digests = fit_whitenings(
        network, options.folders, options.keep, options.output, options.every, options.label
    )
    for name, digest in digests.items():
        print(name, digest)


def _export(options: argparse.Namespace) -> None:
    tensors, plan = trained_weights(options.run_folder)
    if options.balance is not None:
        pixels = Pictures.open(options.balance).pixels
        tensors = balance(tensors, pixels[:: max(1, len(pixels) // PICTURES)][:PICTURES])
    origin = dict(entry.split("=", 1) for entry in options.origin)
    print(export(tensors, {"plan": json.dumps(plan), **origin}, options.output))


def _vocabulary(options: argparse.Namespace) -> None:
    # OpenCV is an extra that no other verb needs.
    from .vocabulary import train_vocabulary

    print(train_vocabulary(options.folder, options.output, options.pictures, options.seed))


if __name__ == "__main__":
    main()
