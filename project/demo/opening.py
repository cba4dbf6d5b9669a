"""The work that the demo opens on, and what there is to see."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from project.demo.gallery import COLLECTION
from stylesim_app.models import Artwork, WorkItem
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.results import RankedAnswer
from stylesim_app.ranking.similar import find_similar

#: Its nearest works are of one manner and of other subjects; by content alone, they are of its
#: subject and of other manners.
CHOSEN = {"extra__subject": "cat", "extra__manner": "ink-wash"}
#: Works of a collection of other pictures that are looked at, and neighbours that have to be close.
TRIED = 40
CONVINCING = 4
#: A nearest work as close as this is a second picture of the same, which shows little.
SAME_PICTURE = 0.9


def rank() -> RankedAnswer | None:
    """Return the works most similar to the one that the demo opens on; None if none is indexed.

    In the sample gallery it is chosen; elsewhere it is the one whose nearest works are closest.
    """
    works = Artwork.objects.filter(is_public=True)
    indexed = works.filter(stylesim_entry__state=WorkItem.State.INDEXED).order_by("pk")
    chosen = indexed.filter(collection=COLLECTION, **CHOSEN).first()
    if chosen is not None:
        return _rank(chosen, works)
    keys = list(indexed.values_list("pk", flat=True))
    tried = keys[:: max(1, len(keys) // TRIED)]
    answers = [_rank(work, works) for work in indexed.filter(pk__in=tried)]
    return max(answers, key=_convincing, default=None)


def describe(answer: RankedAnswer) -> str:
    """Return what there is to see in the ranking, by what was found."""
    work = answer.query
    if not answer.results:
        return ""
    if work.collection != COLLECTION:
        return _("Its nearest works are among the closest of your pictures.")
    manner = [each for each in answer.results if each.artwork.artist == work.artist]
    return _(
        "%(same)d of these %(count)d works are by %(artist)s as well: they look alike in how they "
        "are made, whatever they show. On the page, choose “Change” and then “Content only”: "
        "the same subject comes first, in other manners."
    ) % {"same": len(manner), "count": len(answer.results), "artist": work.artist}


def _rank(work: Any, works: QuerySet[Any]) -> RankedAnswer:
    return find_similar(work, RankingOptions(), works, works)


def _convincing(answer: RankedAnswer) -> float:
    """Return how close the nearest works are; a second picture of the same counts for nothing."""
    if answer.scale is None or not answer.results:
        return 0.0
    found = [answer.scale.closeness(each.distance) for each in answer.results]
    nearest = [each for each in found if each < SAME_PICTURE][:CONVINCING]
    return sum(nearest) / CONVINCING
