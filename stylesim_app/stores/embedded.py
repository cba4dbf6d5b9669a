"""The embedded store: rows in the database, searched as memory-mapped NumPy arrays."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import Exists, F, OuterRef, QuerySet
from numpy.typing import NDArray

from ..conf import conf
from ..core.bounds import CompactTable
from ..core.compression import CompactDescriptor
from ..core.descriptors import Descriptor
from ..core.distances import Weighting
from ..core.ranking import Shortlist
from ..models import Calibration, CompactRow, StoredDescriptor
from .base import Candidate, CompactStore, Reachable, Shortlisted
from .table_file import open_table

#: Queries whose bounds are computed by one matrix product; 5 MB each at 100,000 works.
BLOCK = 16
#: Rows that a thread bounds at once, few enough for the cache of a core.
SLICE = 8192
#: Of the best of all works, so many times the wanted ones are looked up among the candidates
#: before all candidates are.
SURPLUS = 2

#: Positions that one statement names; of more, all rows are read.
NAMED_POSITIONS = 5000

FloatArray = NDArray[np.floating[Any]]
Positions = NDArray[np.int64]


class EmbeddedStore(CompactStore):
    """Rows are numbered without gaps as they are added, and never change.

    So the number of rows ever added, ``Calibration.length``, tells whether the table is current,
    and what it lacks. Rows that were deleted meanwhile are no candidates any more.
    """

    @property
    def rows(self) -> QuerySet[CompactRow]:
        return CompactRow.objects.filter(calibration=self.calibration)

    def add_compact(self, compacts: Mapping[int, CompactDescriptor]) -> None:
        calibrations = Calibration.objects.filter(pk=self.calibration.pk)
        # The row stays locked until the end of the transaction: whoever reads the length later
        # finds all rows below it.
        calibrations.update(length=F("length") + len(compacts))
        start = calibrations.values_list("length", flat=True).get() - len(compacts)
        CompactRow.objects.bulk_create(
            CompactRow(
                calibration=self.calibration,
                stored_id=stored,
                position=start + index,
                record=compact.to_bytes(),
            )
            for index, (stored, compact) in enumerate(compacts.items())
        )

    def lacking(self, stored: QuerySet[StoredDescriptor]) -> QuerySet[StoredDescriptor]:
        return stored.filter(~Exists(self.rows.filter(stored=OuterRef("pk"))))

    def shortlists(
        self,
        queries: Sequence[Descriptor],
        weighting: Weighting,
        candidates: QuerySet[StoredDescriptor],
        size: int,
    ) -> list[Shortlisted]:
        table = self._table()
        answers = []
        for start in range(0, len(queries), BLOCK):
            block = queries[start : start + BLOCK]
            estimates, lower = self._scan(table, block, weighting)
            answers += [
                self._choose(estimates[row], lower[row], candidates, size)
                for row in range(len(block))
            ]
        return answers

    def reachable(
        self, query: Descriptor, weighting: Weighting, owners: QuerySet[StoredDescriptor]
    ) -> Reachable:
        (estimates,), (lower,) = self._scan(self._table(), [query], weighting)
        rows = np.array(
            list(self.rows.filter(stored__in=owners).values_list("position", "stored__list_reach")),
            dtype=np.float64,
        ).reshape(-1, 2)
        positions, reaches = rows[:, 0].astype(np.int64), rows[:, 1]
        known = positions < len(lower)
        positions, reaches = positions[known], reaches[known]
        near = lower[positions] <= reaches
        positions, reaches = positions[near], reaches[near]
        found = self._find(positions, owners)
        likeliest = np.argsort(estimates[positions] - reaches, kind="stable")
        order = [at for at in likeliest if int(positions[at]) in found]
        return Reachable(
            [found[int(positions[at])] for at in order],
            lower=lower[positions[order]],
            reaches=reaches[order],
        )

    def _scan(
        self, table: CompactTable, queries: Sequence[Descriptor], weighting: Weighting
    ) -> tuple[FloatArray, FloatArray]:
        """Estimates and lower bounds, ``(queries, works)``, a slice of the table at a time."""
        compacts = [self.compressor.compress(query) for query in queries]

        def scan(start: int) -> tuple[FloatArray, FloatArray]:
            bounds = table.rows(start, start + SLICE).bound(compacts, weighting)
            return bounds.estimate(weighting), bounds.lower(weighting)

        starts = range(0, len(table), SLICE)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            estimates, lower = zip(*threads.map(scan, starts), strict=True)
        return np.concatenate(estimates, axis=1), np.concatenate(lower, axis=1)

    def _table(self) -> CompactTable:
        """The table with all rows that were committed before this call."""
        length = Calibration.objects.values_list("length", flat=True).get(pk=self.calibration.pk)
        folder = conf.cache_dir / Path(self.calibration.bases_name).stem
        return open_table(folder).read(length, self._read_records)

    def _read_records(self, start: int, stop: int) -> tuple[Positions, NDArray[np.float32]]:
        rows = list(
            self.rows.filter(position__gte=start, position__lt=stop).values_list(
                "position", "record"
            )
        )
        records = np.frombuffer(b"".join(bytes(record) for _, record in rows), dtype="<f4")
        return np.array([position for position, _ in rows], np.int64), records

    def _choose(
        self,
        estimates: FloatArray,
        lower: FloatArray,
        candidates: QuerySet[StoredDescriptor],
        size: int,
    ) -> Shortlisted:
        best = _least(estimates, SURPLUS * size)
        chosen = np.union1d(best, _least(lower, SURPLUS * size))
        found = self._find(chosen, candidates)
        if len(chosen) < len(lower) and sum(int(at) in found for at in best) < size:
            # The candidates are few, or far: look at them alone.
            allowed = self.rows.filter(stored__in=candidates, position__lt=len(lower))
            among = np.array(list(allowed.values_list("position", flat=True)), dtype=np.int64)
            best = among[_least(estimates[among], size)]
            chosen = np.union1d(best, among[_least(lower[among], size)])
            found = self._find(chosen, candidates)
            others = lower[np.setdiff1d(among, chosen)]
        else:
            others = np.delete(lower, chosen)
        # By artwork, which is the order of works that are equally far.
        positions = sorted(found, key=lambda position: found[position].artwork)
        return Shortlisted(
            [found[position] for position in positions],
            Shortlist(
                estimates=estimates[positions],
                lower=lower[positions],
                rest=float(others.min(initial=np.inf)),
            ),
        )

    def _find(
        self, positions: Positions, candidates: QuerySet[StoredDescriptor] | None = None
    ) -> dict[int, Candidate]:
        """The candidates at some positions of the table, by position."""
        rows = self.rows
        if len(positions) <= NAMED_POSITIONS:
            rows = rows.filter(position__in=positions.tolist())
        if candidates is not None:
            rows = rows.filter(stored__in=candidates)
        wanted = set(positions.tolist())
        columns = Candidate.columns("stored__")
        return {
            position: Candidate(*values)
            for position, *values in rows.values_list("position", *columns)
            if position in wanted
        }


def _least(values: FloatArray, count: int) -> Positions:
    """The positions of the ``count`` least values, in no order."""
    if count >= len(values):
        return np.arange(len(values))
    return np.argpartition(values, count)[:count]
