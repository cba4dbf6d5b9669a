"""Read all vectors in PostgreSQL's binary format, whose rows all have the same width."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from django.db import connection
from django.db.models import QuerySet
from numpy.typing import NDArray

from ...core.bounds import CompactTable
from ...core.compression import SIZES
from ...core.descriptors import LAYERS
from .models import CompactVectors

#: Rows that are bounded at once, 3.5 KB each.
CHUNK = 2048

_NORMS = [f"{layer}_{name}" for layer in LAYERS for name in ("square", "residual")]
#: The count of fields, then each field after its length; a vector begins with its dimensions.
_ROW = np.dtype(
    [("fields", ">i2"), ("stored length", ">i4"), ("stored", ">i8")]
    + [part for name in _NORMS for part in ((f"{name} length", ">i4"), (name, ">f8"))]
    + [
        part
        for layer in LAYERS
        for part in ((f"{layer} head", ">i4", 2), (layer, ">f4", SIZES[layer]))
    ]
)
_SIGNATURE = 19
_TRAILER = 2


def read_tables(
    rows: QuerySet[CompactVectors],
) -> Iterator[tuple[NDArray[np.int64], CompactTable]]:
    """Return the keys of the stored descriptors, and their compact descriptors, a chunk
    at a time."""
    columns = rows.values_list("stored_id", *_NORMS, *LAYERS)
    statement, parameters = columns.query.sql_with_params()
    size = CHUNK * _ROW.itemsize
    pending, start = bytearray(), _SIGNATURE
    copy_statement = f"COPY ({statement}) TO STDOUT (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(copy_statement, parameters) as blocks:
        for block in blocks:
            pending += block
            if len(pending) >= start + size:
                yield _split(bytes(pending[start : start + size]))
                del pending[: start + size]
                start = 0
    if len(pending) > start + _TRAILER:
        yield _split(bytes(pending[start:-_TRAILER]))


def _split(content: bytes) -> tuple[NDArray[np.int64], CompactTable]:
    records = np.frombuffer(content, _ROW)
    return records["stored"].astype(np.int64), CompactTable(
        z={layer: records[layer].astype(np.float32) for layer in LAYERS},
        norms={
            layer: np.stack(
                [records[f"{layer}_{name}"].astype(np.float32) for name in ("square", "residual")],
                axis=1,
            )
            for layer in LAYERS
        },
    )
