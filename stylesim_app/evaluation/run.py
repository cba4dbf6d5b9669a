"""Run an evaluation: gather, describe, compare, measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from ..exceptions import EvaluationFailed
from ..ranking import lanes
from ..ranking.lanes import Lane
from ..ranking.measure import Measure
from ..ranking.same_picture import SamePictureLane
from ..ranking.vector_lanes import VectorLane
from ..work import process
from .collection import Collection, Item, Selection, Track, add_edits, gather, leave_out
from .describing import Describer, Needs
from .kept import Kept
from .measured import NotMeasured, Scene, rank
from .report import Report
from .sources import read_pictures, read_source
from .tasks import Measured, measure

#: The folder of what an interrupted run goes on from, in that of the report.
KEPT = "kept"


@dataclass(frozen=True)
class Plan:
    """A request: sources, and folders of distractors and of company for collages.

    ``labels`` are the columns that label pictures; ``lanes`` the names of lanes, all if empty.
    """

    sources: Sequence[str]
    distractors: Sequence[Path] = ()
    company: Path | None = None
    labels: Sequence[str] = ()
    lanes: Sequence[str] = ()
    edits: int = 23
    limit: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the arguments, with the last part of each path alone."""
        return {
            "sources": [Path(each).expanduser().absolute().name for each in self.sources],
            "distractors": [each.absolute().name for each in self.distractors],
            "company": None if self.company is None else self.company.absolute().name,
            "labels": list(self.labels),
            "lanes": list(self.lanes),
            "edits": self.edits,
            "limit": self.limit,
        }


def evaluate(
    plan: Plan, folder: Path, track: Track, on_problem: Callable[[str, str], object]
) -> Report:
    """Return what lanes find. ``on_problem`` is told each unreadable picture and its reason.

    Raises EvaluationFailed if nothing can be measured, and CoreError if the network cannot run.
    """
    chosen = _choose_lanes(plan.lanes)
    sources = [read_source(text, plan.labels) for text in plan.sources]
    distractors = [each for path in plan.distractors for each in read_pictures(path)]
    company = read_pictures(plan.company) if plan.company else []
    selection = Selection(plan.edits, plan.limit)
    collection = gather(sources, distractors, company, selection, track)
    describer = Describer(Kept(folder / KEPT), _needs(chosen))
    collection = _describe_works(collection, describer, track)
    collection = _describe_queries(add_edits(collection, plan.edits), describer, track)
    for name, reason in collection.problems.items():
        on_problem(name, reason)
    if len(collection.works) < 2 or not (collection.labels or collection.queries):
        raise EvaluationFailed(
            _("There is nothing to measure: at least two pictures that can be read are needed.")
        )
    scene = Scene(collection, describer, track)
    measured: list[Measured] = []
    reasons: dict[str, str] = {}
    for lane in chosen:
        if isinstance(lane, SamePictureLane) and not process.has_opencv():
            reasons[lane.name] = _("OpenCV is not installed.")
            continue
        try:
            for ranking in rank(lane, scene):
                measured += measure(scene, ranking)
        except NotMeasured as error:
            reasons[lane.name] = str(error)
    if not measured:
        raise EvaluationFailed(
            _("Nothing could be measured.")
            + "".join(f" {name}: {reason}" for name, reason in reasons.items())
        )
    return Report(measured, reasons, collection, describer.provenance, scene.fits, plan.to_json())


def _choose_lanes(names: Sequence[str]) -> list[Lane]:
    registered = {lane.name: lane for lane in lanes.registered()}
    unknown = [name for name in names if name not in registered]
    if unknown:
        raise EvaluationFailed(
            _("There is no lane %(name)r; choose from %(names)s.")
            % {"name": unknown[0], "names": ", ".join(registered)}
        )
    return [registered[name] for name in names or registered]


def _needs(chosen: Iterable[Lane]) -> Needs:
    vector_lanes = [lane for lane in chosen if isinstance(lane, VectorLane)]
    embeddings = {lane.embedding.name: lane.embedding for lane in vector_lanes}
    return Needs(
        descriptors=any(isinstance(lane, Measure) for lane in chosen)
        or any(each.fitted is not None for each in embeddings.values()),
        features=process.has_opencv() and any(isinstance(lane, SamePictureLane) for lane in chosen),
        embeddings=[each for each in embeddings.values() if each.fitted is None],
    )


def _describe_works(collection: Collection, describer: Describer, track: Track) -> Collection:
    items = [work.item for work in collection.works]
    return leave_out(collection, _describe(items, describer, track, works=True))


def _describe_queries(collection: Collection, describer: Describer, track: Track) -> Collection:
    items = [query.item for query in collection.queries]
    return leave_out(collection, _describe(items, describer, track, works=False))


def _describe(
    items: Sequence[Item], describer: Describer, track: Track, *, works: bool
) -> Mapping[str, str]:
    """Describe pictures; return the reason by the key of each that cannot be read."""
    label = _("Describing works") if works else _("Describing queries")
    described = track(describer.describe(items, works=works), len(items), label)
    return {item.key: reason for item, reason in described if reason}
