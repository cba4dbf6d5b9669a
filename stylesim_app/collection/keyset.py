"""Continuing a list after one of its rows, whatever was added or removed meanwhile.

Rows are found again by the values that they are ordered by, not by their number in the list.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, Q, QuerySet
from django.db.models.expressions import F, OrderBy

from .keys import RELATION

#: Prefix of the annotations with the values that rows are ordered by.
_VALUE = "stylesim_order_"


@dataclass(frozen=True)
class Term:
    """One part of an order; rows without a value are last both ways."""

    name: str
    descending: bool
    nullable: bool

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.name}"

    def expression(self, *, backwards: bool = False) -> OrderBy:
        """Return the term for ``order_by``."""
        nulls = {"nulls_first" if backwards else "nulls_last": True} if self.nullable else {}
        return OrderBy(F(self.name), descending=self.descending != backwards, **nulls)

    def equals(self, value: Any) -> Q:
        """Return the condition of rows with the same value."""
        return Q(**{f"{self.name}__isnull": True}) if value is None else Q(**{self.name: value})

    def beyond(self, value: Any, *, backwards: bool) -> Q | None:
        """Return the condition of rows after a value, or None if there can be none."""
        if value is None:
            return Q(**{f"{self.name}__isnull": False}) if backwards else None
        lookup = "lt" if self.descending != backwards else "gt"
        found = Q(**{f"{self.name}__{lookup}": value})
        if self.nullable and not backwards:
            found |= Q(**{f"{self.name}__isnull": True})
        return found


def terms_of(rows: QuerySet[Any]) -> list[Term] | None:
    """Return the terms that a queryset is ordered by, up to its key; None for other expressions."""
    terms: list[Term] = []
    for ordering in (*(rows.query.order_by or rows.model._meta.ordering), "-pk"):
        term = _term(rows, ordering)
        if term is None:
            return None
        terms.append(term)
        if term.name == "pk":
            break
    return terms


def ordered(rows: QuerySet[Any], terms: Sequence[Term], *, backwards: bool) -> QuerySet[Any]:
    """Return rows in the order of the terms, annotated with the values they are ordered by."""
    values = {f"{_VALUE}{index}": F(term.name) for index, term in enumerate(terms)}
    order = [term.expression(backwards=backwards) for term in terms]
    by_terms: QuerySet[Any] = rows.annotate(**values).order_by(*order)
    return by_terms


def after(
    rows: QuerySet[Any], terms: Sequence[Term], values: Sequence[Any], *, backwards: bool
) -> QuerySet[Any]:
    """Return the ordered rows after the one with ``values``, as ``position_of`` gave them.

    Raises ValueError or ValidationError for values that no row can have.
    """
    found, equal = Q(), Q()
    for index, (term, plain) in enumerate(zip(terms, values, strict=True)):
        field = rows.query.annotations[f"{_VALUE}{index}"].output_field
        value = None if plain is None else field.to_python(plain)
        beyond = term.beyond(value, backwards=backwards)
        if beyond is not None:
            found |= equal & beyond
        equal &= term.equals(value)
    return rows.filter(found)


def position_of(row: Any, terms: Sequence[Term]) -> list[Any]:
    """Return the values that a row of ``ordered`` is ordered by, as JSON can hold them."""
    return [_plain(getattr(row, f"{_VALUE}{index}")) for index in range(len(terms))]


def _term(rows: QuerySet[Any], ordering: Any) -> Term | None:
    if isinstance(ordering, str):
        name, descending = ordering.removeprefix("-"), ordering.startswith("-")
    elif isinstance(ordering, OrderBy) and isinstance(ordering.expression, F):
        column: Any = ordering.expression
        name, descending = str(column.name), ordering.descending
    else:
        return None
    if name.startswith(f"{RELATION}__"):
        return Term(name, descending, nullable=True)
    options = rows.model._meta
    if name in ("pk", options.pk.name):
        return Term("pk", descending, nullable=False)
    try:
        field = options.get_field(name)
    except FieldDoesNotExist:
        return None
    # A relation is ordered by the order of the other model.
    if not isinstance(field, Field) or field.is_relation:
        return None
    return Term(name, descending, nullable=field.null)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return b64encode(bytes(value)).decode()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value if isinstance(value, int | float | str | type(None)) else str(value)
