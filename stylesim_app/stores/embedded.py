"""The embedded store: rows in the database, searched as memory-mapped NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from django.db.models import Exists, F, OuterRef, QuerySet
from numpy.typing import NDArray

from ..conf import conf
from ..core.bounds import CompactTable, least
from ..core.compression import RECORD_SIZE, SIZES, CompactDescriptor
from ..core.descriptors import LAYERS, Descriptor
from ..core.distances import Weighting
from ..core.ranking import Shortlist
from ..models import CompactIndex, CompactRow, StoredDescriptor
from .base import Candidate, CompactStore, Reachable
from .slices import map_slices
from .table_file import Column, Numbers, open_table

#: Queries whose bounds are computed by one matrix product; 5 MB each at 100,000 works.
BLOCK = 16
#: The most rows that a thread bounds at once.
SLICE = 65536
#: Of the best of all works, so many times the wanted ones are looked up among the candidates
#: before all candidates are.
SURPLUS = 2

#: Stored descriptors that one statement names; of more, all candidates are read.
NAMED_KEYS = 5000

#: A square so large that a row that was never filled is far from everything.
VACANT = 1e30
#: The keys of the stored descriptors, and of each layer ``CompactTable.z`` and ``.norms``.
COLUMNS = (
    Column("stored", np.int64, 1),
    *(Column(f"{layer}.z", np.float32, SIZES[layer]) for layer in LAYERS),
    *(Column(f"{layer}.norms", np.float32, 2, vacant=(VACANT, 0)) for layer in LAYERS),
)

FloatArray = NDArray[np.floating[Any]]
Positions = NDArray[np.int64]


class Mapped(NamedTuple):
    """A table, and the key of the stored descriptor of each row, 0 if it was never filled."""

    table: CompactTable
    stored: Positions


class EmbeddedStore(CompactStore):
    """Rows are numbered without gaps as they are added, and never change.

    So the number of rows ever added, ``CompactIndex.length``, tells whether the table is current,
    and what it lacks. Rows that were deleted meanwhile are no candidates any more.
    """

    @property
    def rows(self) -> QuerySet[CompactRow]:
        return CompactRow.objects.filter(compact_index=self.index)

    def add_compact(self, compacts: Mapping[int, CompactDescriptor]) -> None:
        indexes = CompactIndex.objects.filter(pk=self.index.pk)
        # The row stays locked until the end of the transaction: whoever reads the length later
        # finds all rows below it.
        indexes.update(length=F("length") + len(compacts))
        start = indexes.values_list("length", flat=True).get() - len(compacts)
        CompactRow.objects.bulk_create(
            CompactRow(
                compact_index=self.index,
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
    ) -> list[Shortlist[Candidate]]:
        table, stored = self._read_table()
        answers = []
        for start in range(0, len(queries), BLOCK):
            block = [self.compressor.compress(query) for query in queries[start : start + BLOCK]]
            estimates, lower = _scan(table, block, weighting)
            answers += [
                self._choose(estimates[row], lower[row], stored, candidates, size)
                for row in range(len(block))
            ]
        return answers

    def reachable(
        self, query: Descriptor, weighting: Weighting, owners: QuerySet[StoredDescriptor]
    ) -> Reachable:
        table, stored = self._read_table()
        compact = self.compressor.compress(query)
        (estimates,), (lower,) = _scan(table, [compact], weighting)
        rows = owners.values_list("pk", "list_reach").iterator()
        reaching = np.fromiter(rows, np.dtype([("key", np.int64), ("reach", np.float64)]))
        positions = _positions_of(reaching["key"], stored)
        positions, reaches = positions[positions >= 0], reaching["reach"][positions >= 0]
        near = lower[positions] <= reaches
        positions, reaches = positions[near], reaches[near]
        found = _find(stored[positions], owners)
        likeliest = np.argsort(estimates[positions] - reaches, kind="stable")
        order = [at for at in likeliest if int(stored[positions[at]]) in found]
        return Reachable(
            [found[int(stored[positions[at]])] for at in order],
            lower=lower[positions[order]],
            reaches=reaches[order],
        )

    def _read_table(self) -> Mapped:
        """Return the table with all rows that were committed before this call."""
        length = CompactIndex.objects.values_list("length", flat=True).get(pk=self.index.pk)
        folder = conf.cache_dir / Path(self.index.bases_name).stem
        columns = open_table(folder, COLUMNS).read(length, self._read_rows)
        table = CompactTable(
            z={layer: columns[f"{layer}.z"] for layer in LAYERS},
            norms={layer: columns[f"{layer}.norms"] for layer in LAYERS},
        )
        return Mapped(table, columns["stored"][:, 0])

    def _read_rows(self, start: int, stop: int) -> tuple[Positions, Numbers]:
        rows = self.rows.filter(position__gte=start, position__lt=stop)
        found = list(rows.values_list("position", "stored_id", "record"))
        # If the index is gone by now, so may be rows of it.
        CompactIndex.objects.only("pk").get(pk=self.index.pk)
        numbers = np.frombuffer(b"".join(bytes(record) for *_, record in found), dtype="<f4")
        records = CompactDescriptor.from_numbers(numbers.reshape(-1, RECORD_SIZE))
        norms = np.stack([records.squares, records.residuals], axis=-1)
        return np.array([position for position, *_ in found], np.int64), {
            "stored": np.array([stored for _, stored, _ in found], np.int64),
            **{f"{layer}.z": records.layer(layer) for layer in LAYERS},
            **{f"{layer}.norms": norms[:, index] for index, layer in enumerate(LAYERS)},
        }

    def _choose(
        self,
        estimates: FloatArray,
        lower: FloatArray,
        stored: Positions,
        candidates: QuerySet[StoredDescriptor],
        size: int,
    ) -> Shortlist[Candidate]:
        best = least(estimates, SURPLUS * size)
        chosen = np.union1d(best, least(lower, SURPLUS * size))
        found = _find(stored[chosen], candidates)
        if len(chosen) < len(lower) and sum(int(key) in found for key in stored[best]) < size:
            # The candidates are few, or far: look at them alone.
            allowed = np.fromiter(candidates.values_list("pk", flat=True).iterator(), np.int64)
            among = _positions_of(allowed, stored)
            among = among[among >= 0]
            best = among[least(estimates[among], size)]
            chosen = np.union1d(best, among[least(lower[among], size)])
            found = _find(stored[chosen], candidates)
            others = lower[np.setdiff1d(among, chosen)]
        else:
            others = np.delete(lower, chosen)
        position_of = {int(stored[position]): position for position in chosen}
        # By artwork, which is the order of works that are equally far.
        listed = sorted(found.values(), key=lambda candidate: candidate.artwork)
        positions = [position_of[candidate.stored] for candidate in listed]
        return Shortlist(
            listed,
            estimates=estimates[positions],
            lower=lower[positions],
            rest=float(others.min(initial=np.inf)),
        )


def _scan(
    table: CompactTable, queries: Sequence[CompactDescriptor], weighting: Weighting
) -> tuple[FloatArray, FloatArray]:
    """Return estimates and lower bounds, ``(queries, works)``."""

    def scan(start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        bounds = table.rows(start, stop).bound(queries, weighting)
        return bounds.estimate(weighting), bounds.lower(weighting)

    estimates, lower = zip(*map_slices(scan, len(table), SLICE), strict=True)
    return np.concatenate(estimates, axis=1), np.concatenate(lower, axis=1)


def _find(keys: Positions, candidates: QuerySet[StoredDescriptor]) -> dict[int, Candidate]:
    """Return those of the stored descriptors that are candidates, by key."""
    if len(keys) <= NAMED_KEYS:
        candidates = candidates.filter(pk__in=keys.tolist())
    wanted = set(keys.tolist())
    rows = candidates.order_by().values_list(*Candidate.columns())
    return {row[0]: Candidate(*row) for row in rows if row[0] in wanted}


def _positions_of(keys: Positions, stored: Positions) -> Positions:
    """Return where in a table stored descriptors stand, -1 for one that it lacks."""
    if not len(stored):
        return np.full(len(keys), -1)
    order = np.argsort(stored)
    places = np.searchsorted(stored, keys, sorter=order)
    positions = order[np.minimum(places, len(stored) - 1)]
    return np.where(stored[positions] == keys, positions, -1)
