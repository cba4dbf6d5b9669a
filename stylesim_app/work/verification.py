"""Checks of everything that is stored: at once, for the command, or a little at a time.

What can be mended is requested again, or deleted where it is made again on demand.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from .. import files
from ..conf import conf
from ..exceptions import StorageUnavailable
from ..index import orphans, storage, verify
from ..index.verify import STAGES, Finding, Stage
from ..models import IndexEntry, StorageFinding, StorageState, StoredDescriptor
from . import originals, worklist

logger = logging.getLogger(__name__)

#: Bounds of one step of the slow pass.
STEP_ROWS = 200
STEP_SECONDS = 10.0
ORPHANS = "orphans"
Kind = StorageFinding.Kind


@dataclass
class Report:
    """The results of a complete check, by place.

    ``mended`` counts findings whose cause is removed, or that workers will mend; ``removed`` counts
    deleted orphans. ``skipped`` names the places that could not be checked.
    """

    checked: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    mended: Counter[str] = field(default_factory=Counter)
    removed: int = 0
    skipped: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """The number of findings that are left."""
        return len(self.findings) - self.mended.total() - self.removed + len(self.skipped)


def count() -> int:
    """Return the number of rows that a complete check reads."""
    return sum(stage.rows().count() for stage in STAGES)


def run(
    *,
    repair: bool = False,
    remove_orphans: bool = False,
    on_progress: Callable[[], object] = lambda: None,
) -> Report:
    """Check everything, and record the findings. Raises StorageUnavailable."""
    files.require_storage()
    began = timezone.now()
    report = Report()
    for stage in STAGES:
        if stage.place == "originals" and originals.are_gone():
            report.skipped.append(stage.place)
            continue
        for row in stage.after(None):
            report.checked[stage.place] += 1
            _note(report, stage, verify.check(stage, row), repair=repair)
            on_progress()
    for area in orphans.areas():
        for folder in orphans.folders(area):
            for name in orphans.find(area, folder):
                finding = Finding(Kind.ORPHAN, area.place, name, "")
                report.findings.append(finding)
                if remove_orphans and orphans.remove(area, name):
                    report.removed += 1
                else:
                    verify.record(ORPHANS, finding)
    StorageFinding.objects.filter(found_at__lt=began).delete()
    return report


def _note(report: Report, stage: Stage, finding: Finding | None, *, repair: bool) -> None:
    if finding is None:
        return
    report.findings.append(finding)
    if repair and mend(finding):
        report.mended[stage.place] += 1
    else:
        verify.record(stage.place, finding)


def mend(finding: Finding) -> bool:
    """Remove the cause of a finding, or request what replaces it; return whether that is possible.

    A picture that is lost cannot be mended.
    """
    row = finding.row
    match finding.place:
        case "originals" if finding.kind == Kind.MISSING:
            return False
        case "entries" | "originals":
            worklist.request_again(IndexEntry.objects.filter(pk=row.pk))
        case "descriptors" | "features":
            with transaction.atomic():
                row.delete()
                worklist.request_again(IndexEntry.objects.filter(pk=row.entry_id))
        case "lists":
            StoredDescriptor.objects.filter(pk=row.pk).update(
                list_state=StoredDescriptor.ListState.TORN
            )
        case "bases" | "fits":
            # A worker fits another once the file is gone.
            files.delete([finding.name])
        case "thumbnails":
            files.delete([finding.name])
            row.delete()
        case _:
            row.delete()
    return True


def continue_pass() -> int:
    """Check the next rows of the slow pass, and return how many.

    The pace is such that a pass takes STYLESIM_VERIFY_DAYS; orphans are removed, all other findings
    are only recorded.
    """
    state = storage.state()
    now, period = timezone.now(), timedelta(days=conf.verify_days)
    began = state.pass_began_at
    if began is None or now >= began + period:
        begin_pass()
        began = now
        state.refresh_from_db()
    if state.stage == "done" or storage.problem_now() is not None or state.problem:
        return 0
    share = min((now - began) / period, 1.0)
    # In the last tenth of the time come the folders, which hold orphans, and what was added.
    due = STEP_ROWS if share > 0.9 else round(count() * share / 0.9) + 1 - state.checked
    if due <= 0:
        return 0
    try:
        return _advance(state, min(due, STEP_ROWS))
    except StorageUnavailable:
        logger.warning("the check of the storage was interrupted", exc_info=True)
        return 0


def begin_pass() -> None:
    """Begin another pass at the first row."""
    StorageState.objects.filter(pk=storage.state().pk).update(
        pass_began_at=timezone.now(), stage="", cursor="", checked=0
    )


def hurry_pass(seconds: float) -> bool:
    """Go on with the pass for a time, without pauses; return whether rows are left."""
    deadline = time.monotonic() + seconds
    while (state := storage.state()).stage != "done" and storage.problem_now() is None:
        if time.monotonic() >= deadline:
            return True
        try:
            _advance(state, STEP_ROWS)
        except StorageUnavailable:
            logger.warning("the check of the storage was interrupted", exc_info=True)
            break
    return False


def _advance(state: StorageState, rows: int) -> int:
    deadline = time.monotonic() + STEP_SECONDS
    done = 0
    for stage, cursor, finding in _from(state.stage, state.cursor):
        if finding is not None:
            verify.record(stage, finding)
        done += 1
        StorageState.objects.filter(pk=state.pk).update(
            stage=stage, cursor=cursor, checked=state.checked + done
        )
        if done >= rows or time.monotonic() >= deadline:
            return done
    began = state.pass_began_at
    StorageFinding.objects.filter(found_at__lt=began).delete()
    StorageState.objects.filter(pk=state.pk).update(stage="done", pass_ended_at=timezone.now())
    return done


def _from(place: str, cursor: str) -> Iterator[tuple[str, str, Finding | None]]:
    """Yield place, cursor and finding of each row after a cursor, then remove orphans."""
    places = [stage.place for stage in STAGES]
    begin = places.index(place) if place in places else (len(places) if place else 0)
    for at, stage in enumerate(STAGES[begin:], begin):
        if stage.place == "originals" and originals.are_gone():
            continue
        key: Any = cursor if at == begin and cursor else None
        for row in stage.after(key):
            yield stage.place, str(row.pk), verify.check(stage, row)
    for area in orphans.areas():
        for folder in orphans.folders(area):
            key = f"{area.place}:{folder}"
            if place == ORPHANS and key <= cursor:
                continue
            for name in orphans.find(area, folder):
                logger.warning("%s is deleted: no row names it", name)
                orphans.remove(area, name)
            yield ORPHANS, key, None
