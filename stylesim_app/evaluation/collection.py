"""The works and queries of an evaluation, gathered from its sources."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from ..core.edits import EDITS
from ..core.errors import CoreError
from ..core.images import Picture
from ..core.same_picture.detail import Detail
from ..exceptions import EvaluationFailed
from ..messages import localize, system_reason, technical_detail
from ..work.pipeline import read_file
from .edited import COMPANY_OF_A_COLLAGE, edit_queries
from .sources import Shown, Source

#: Works and queries that are measured at most: distances of all pairs are kept in memory.
MOST_WORKS = 5000
#: Share of a collection that is left out to share collages, where no other pictures are given.
COMPANY_SHARE = 0.1

#: Shows the progress of items: ``track(items, total, label)``.
Track = Callable[[Iterable[Any], int, str], Iterable[Any]]


@dataclass(frozen=True, eq=False)
class Item:
    """A picture to describe: the key of its bytes and edit, its name, and how it is read."""

    key: str
    name: str
    read: Callable[[Detail | None], Picture]


@dataclass(frozen=True, eq=False)
class Work:
    """A work of the collection, with its labels by source and label."""

    shown: Shown
    item: Item
    labels: Mapping[tuple[str, str], str] = field(default_factory=dict)
    #: Named as right by a pair, so that it is never left out.
    is_reference: bool = False
    is_distractor: bool = False


@dataclass(frozen=True, eq=False)
class Query:
    """A picture to search for, and the keys of the works that are right.

    ``group`` is what several queries show, so that they are not independent.
    """

    item: Item
    source: str
    task: str
    kind: str
    group: str
    right: frozenset[str]


@dataclass(frozen=True, eq=False)
class Collection:
    """The works and queries to measure, and the reason by name of each unreadable file."""

    works: Sequence[Work]
    queries: Sequence[Query]
    labels: Sequence[tuple[str, str]]
    company: Sequence[Shown]
    problems: Mapping[str, str]
    company_left_out: int = 0
    same_files: int = 0


@dataclass(frozen=True)
class Selection:
    """The number of works to edit, and the most to measure; None for all."""

    edits: int
    limit: int | None = None


def gather(
    sources: Sequence[Source],
    distractors: Sequence[Shown],
    company: Sequence[Shown],
    selection: Selection,
    track: Track,
) -> Collection:
    """Return the works and the queries of all sources. Raises EvaluationFailed if there are too
    many."""
    most_edits = MOST_WORKS // len(EDITS)
    if selection.edits > most_edits:
        raise EvaluationFailed(_("--edits can be at most %(most)d.") % {"most": most_edits})
    sources = _with_names_of_their_own(sources)
    works = [work for source in sources for work in source.works]
    queries = [pair.query for source in sources for pair in source.pairs]
    every = {each.path: each for each in (*works, *distractors, *queries, *company)}
    keys: dict[Path, str] = {}
    problems: dict[str, str] = {}
    for shown in track(every.values(), len(every), _("Reading files")):
        try:
            with shown.path.open("rb") as file:
                keys[shown.path] = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            problems[shown.name] = describe_problem(error)
    merged, same_files = _merge(sources, distractors, keys)
    chosen = _limit(merged, selection.limit)
    chosen, company, left_out = _find_company(chosen, company, keys, selection.edits)
    asked = list(_pair_queries(sources, keys))
    asked = asked[:: max(1, -(-len(asked) // (selection.limit or MOST_WORKS)))]
    labels = [(source.name, label) for source in sources for label in source.labels]
    return Collection(chosen, asked, labels, company, problems, left_out, same_files)


def _merge(
    sources: Sequence[Source], distractors: Sequence[Shown], keys: Mapping[Path, str]
) -> tuple[list[Work], int]:
    """Return the works by their bytes, and how many files were left out as the same as another.

    A picture that is asked for is no candidate, unless it is a reference too.
    """
    pairs = [pair for source in sources for pair in source.pairs]
    references = {keys[path] for pair in pairs for path in pair.right if path in keys}
    asked = {keys.get(pair.query.path) for pair in pairs} - references
    merged: dict[str, Work] = {}
    paths: set[Path] = set()
    listed = [(source.name, shown) for source in sources for shown in source.works]
    for name, shown in (*listed, *((None, each) for each in distractors)):
        key = keys.get(shown.path)
        if key is None or key in asked:
            continue
        paths.add(shown.path)
        labels = (
            {} if name is None else {(name, label): each for label, each in shown.labels.items()}
        )
        work = merged.get(key) or Work(
            shown,
            _item(shown, key),
            is_reference=key in references,
            is_distractor=name is None,
        )
        merged[key] = replace(work, labels={**labels, **work.labels})
    return list(merged.values()), len(paths) - len(merged)


def add_edits(collection: Collection, count: int) -> Collection:
    """Return the collection with edited copies of works, drawn evenly, as queries."""
    own = [work for work in collection.works if not work.is_distractor]
    # References are edited only where nothing else is there, since pairs ask for them already.
    own = [work for work in own if not work.is_reference] or own
    edited = [(work.shown, work.item.key) for work in own[:: max(1, len(own) // max(1, count))]]
    queries = [
        Query(
            Item(each.key, each.name, each.read),
            source="",
            task="edits",
            kind=each.kind,
            group=each.group,
            right=frozenset([each.group]),
        )
        for each in edit_queries(edited[:count], collection.company)
    ]
    return replace(collection, queries=[*collection.queries, *queries])


def leave_out(collection: Collection, problems: Mapping[str, str]) -> Collection:
    """Return the collection without the pictures of these keys, which cannot be read."""
    if not problems:
        return collection
    items = [work.item for work in collection.works]
    items += [query.item for query in collection.queries]
    names = {item.name: problems[item.key] for item in items if item.key in problems}
    works = [work for work in collection.works if work.item.key not in problems]
    queries = []
    for query in collection.queries:
        right = query.right - set(problems)
        # A query all of whose works are gone would count as one of an absent work.
        if query.item.key not in problems and (right or not query.right):
            queries.append(replace(query, right=right))
    return replace(
        collection, works=works, queries=queries, problems={**collection.problems, **names}
    )


def _item(shown: Shown, key: str) -> Item:
    return Item(key, shown.name, partial(read_file, shown.path))


def _pair_queries(sources: Sequence[Source], keys: Mapping[Path, str]) -> Iterator[Query]:
    for source in sources:
        for pair in source.pairs:
            key = keys.get(pair.query.path)
            right = frozenset(keys[path] for path in pair.right if path in keys)
            if key is None or (pair.right and not right):
                continue
            group = min(right, default=key)
            item = _item(pair.query, f"query-{key}")
            yield Query(item, source.name, "pairs", pair.kind, group, right)


def _limit(works: list[Work], limit: int | None) -> list[Work]:
    if min(len(works), limit or len(works)) > MOST_WORKS:
        raise EvaluationFailed(
            _("%(count)d works are too many; measure a sample with --limit, at most %(limit)d.")
            % {"count": min(len(works), limit or len(works)), "limit": MOST_WORKS}
        )
    if limit is None or len(works) <= limit:
        return works
    references = [at for at, work in enumerate(works) if work.is_reference]
    others = [at for at, work in enumerate(works) if not work.is_reference]
    order = np.random.default_rng(0).permutation(others)[: max(0, limit - len(references))]
    return [works[at] for at in sorted([*references, *order.tolist()])]


def _find_company(
    works: list[Work], company: Sequence[Shown], keys: Mapping[Path, str], edits: int
) -> tuple[list[Work], list[Shown], int]:
    """Return the works that are measured, and the pictures that share collages.

    A collage with another work of the collection would make that work right too, so works that
    share collages are left out.
    """
    if not edits:
        return works, [], 0
    measured = {work.item.key for work in works}
    if company:
        outside = [each for each in company if keys.get(each.path) not in (None, *measured)]
        readable = [each for each in outside[: 2 * COMPANY_OF_A_COLLAGE * edits] if _opens(each)]
        return works, readable[: COMPANY_OF_A_COLLAGE * edits], 0
    spare = [work for work in works if not work.is_reference]
    count = min(COMPANY_OF_A_COLLAGE * edits, int(COMPANY_SHARE * len(spare)))
    # From the middle of each step, since edited works are drawn from its start.
    step = len(spare) // count if count else 0
    drawn = spare[step // 2 :: step][:count] if count else []
    left_out = {work.item.key for work in drawn}
    kept = [work for work in works if work.item.key not in left_out]
    return kept, [work.shown for work in drawn if _opens(work.shown)], len(drawn)


def _opens(shown: Shown) -> bool:
    try:
        read_file(shown.path, None)
    except (CoreError, OSError):
        return False
    return True


def _with_names_of_their_own(sources: Sequence[Source]) -> list[Source]:
    named: list[Source] = []
    for source in sources:
        taken = {each.name for each in named}
        name, number = source.name, 1
        while name in taken:
            number += 1
            name = f"{source.name} ({number})"
        named.append(replace(source, name=name))
    return named


def describe_problem(error: CoreError | OSError) -> str:
    """Return the reason why a picture cannot be read, in the reader's language."""
    if isinstance(error, CoreError):
        return localize(error)
    return system_reason(error) or technical_detail(error)
