"""The pgvector store: PostgreSQL filters, bounds and orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet
from numpy.typing import NDArray

from ...core.bounds import least
from ...core.compression import CompactDescriptor
from ...core.descriptors import LAYERS, Descriptor
from ...core.distances import Weighting
from ...core.ranking import Shortlist
from ...models import CompactIndex, StoredDescriptor
from ..base import Candidate, CompactStore, Reachable
from . import hnsw
from .copying import read_tables
from .expressions import estimate, lower
from .models import CompactVectors

#: From so many queries on, reading all vectors once is faster than one statement each.
MANY_QUERIES = 8

#: Whatever it does not select is no nearer than the last of the ``size + 1`` least lower bounds.
SHORTLIST = """
    WITH bounds AS MATERIALIZED ({bounds})
    (SELECT * FROM bounds ORDER BY estimate LIMIT %s)
    UNION
    (SELECT * FROM bounds ORDER BY lower LIMIT %s)
    ORDER BY lower
"""

FloatArray = NDArray[np.floating[Any]]


class PgvectorStore(CompactStore):
    """Rows are filtered before they are ordered, so that few candidates are ranked as surely as
    many. From HNSW_FROM works on only those that an index suggests are looked at, unless these are
    too few, and no answer can be certified."""

    @property
    def rows(self) -> QuerySet[CompactVectors]:
        return CompactVectors.objects.filter(compact_index=self.index)

    @property
    def is_large(self) -> bool:
        return self.index.collection_size >= hnsw.HNSW_FROM

    def prepare(self) -> None:
        if self.is_large:
            hnsw.create_indexes(self.index)

    def add_compact(self, compacts: Mapping[int, CompactDescriptor]) -> None:
        CompactVectors.objects.bulk_create(
            CompactVectors(
                compact_index=self.index,
                stored_id=stored,
                **{layer: compact.layer(layer) for layer in LAYERS},
                **_by_layer("square", compact.squares),
                **_by_layer("residual", compact.residuals),
            )
            for stored, compact in compacts.items()
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
        compacts = [self.compressor.compress(query) for query in queries]
        rows = self.rows.filter(stored__in=candidates)
        try:
            if self.is_large:
                answers = [_suggest(compact, weighting, rows, size) for compact in compacts]
            elif len(compacts) >= MANY_QUERIES:
                answers = _scan(compacts, weighting, rows, size)
            else:
                answers = [_bound(compact, weighting, rows, size) for compact in compacts]
        except EmptyResultSet:
            # Django knows without asking that there are no candidates, as of ``none()``.
            answers = [_list([], size) for _ in compacts]
        if not all(answer.candidates for answer in answers):
            self._require_index()
        return answers

    def reachable(
        self, query: Descriptor, weighting: Weighting, owners: QuerySet[StoredDescriptor]
    ) -> Reachable:
        compact = self.compressor.compress(query)
        found = list(
            self.rows.filter(stored__in=owners)
            .annotate(
                lower=lower(compact, weighting),
                estimate=estimate(compact, weighting),
                reach=F("stored__list_reach"),
            )
            .filter(lower__lte=F("reach"))
            .order_by(F("estimate") - F("reach"))
            .values_list(*Candidate.columns("stored__"), "lower", "reach")
        )
        if not found:
            self._require_index()
        return Reachable(
            [Candidate(*columns) for *columns, _, _ in found],
            lower=np.array([row[-2] for row in found], np.float64),
            reaches=np.array([row[-1] for row in found], np.float64),
        )

    def _require_index(self) -> None:
        """Raise CompactIndex.DoesNotExist if nothing was found because another index serves."""
        CompactIndex.objects.only("pk").get(pk=self.index.pk)


def _suggest(
    query: CompactDescriptor, weighting: Weighting, rows: QuerySet[CompactVectors], size: int
) -> Shortlist[Candidate]:
    """Bound the rows that the indexes suggest, or all if filters leave too few of them."""
    with hnsw.searching(size):
        suggested = _bound(query, weighting, hnsw.nearest(rows, query, size), size)
    if len(suggested.candidates) < size:
        return _bound(query, weighting, rows, size)
    return replace(suggested, rest=0.0)


def _bound(
    query: CompactDescriptor, weighting: Weighting, rows: QuerySet[CompactVectors], size: int
) -> Shortlist[Candidate]:
    """Bound all rows in the database, and list the least."""
    bounded = rows.annotate(lower=lower(query, weighting), estimate=estimate(query, weighting))
    selected = bounded.values_list("stored_id", "estimate", "lower")
    bounds, parameters = selected.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(SHORTLIST.format(bounds=bounds), (*parameters, size, size + 1))
        return _list(cursor.fetchall(), size)


def _scan(
    queries: Sequence[CompactDescriptor],
    weighting: Weighting,
    rows: QuerySet[CompactVectors],
    size: int,
) -> list[Shortlist[Candidate]]:
    """Read all rows once, and bound them here for all queries; 16 bytes for each pair."""
    keys = [np.empty(0, np.int64)]
    estimates: list[FloatArray] = [np.empty((len(queries), 0))]
    lowers = [*estimates]
    for stored, table in read_tables(rows):
        bounds = table.bound(queries, weighting)
        keys.append(stored)
        estimates.append(bounds.estimate(weighting))
        lowers.append(bounds.lower(weighting))
    every = np.concatenate(keys)
    answers = []
    for estimated, bound in zip(
        np.concatenate(estimates, axis=1), np.concatenate(lowers, axis=1), strict=True
    ):
        chosen = np.union1d(least(estimated, size), least(bound, size + 1))
        chosen = chosen[np.argsort(bound[chosen])]
        numbers = (every[chosen], estimated[chosen], bound[chosen])
        answers.append(_list(list(zip(*map(np.ndarray.tolist, numbers), strict=True)), size))
    return answers


def _list(found: list[tuple[int, float, float]], size: int) -> Shortlist[Candidate]:
    """List candidates from keys, estimates and lower bounds, of which the ``size + 1`` least come
    first."""
    bounds = {stored: numbers for stored, *numbers in found}
    described = StoredDescriptor.objects.filter(pk__in=bounds)
    candidates = [Candidate(*row) for row in described.values_list(*Candidate.columns())]
    # By artwork, which is the order of works that are equally far.
    candidates.sort(key=lambda candidate: candidate.artwork)
    numbers = np.array([bounds[each.stored] for each in candidates], np.float64).reshape(-1, 2)
    rest = found[size][2] if len(found) > size else np.inf
    return Shortlist(candidates, numbers[:, 0], numbers[:, 1], rest)


def _by_layer(name: str, values: NDArray[np.float32]) -> dict[str, float]:
    return {f"{layer}_{name}": float(value) for layer, value in zip(LAYERS, values, strict=True)}
