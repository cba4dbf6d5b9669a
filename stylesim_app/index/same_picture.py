"""Artworks that show the same picture: features stored, and matched by a worker.

Only workers search, for that needs OpenCV and the postings of the collection; pages and API read
the matches, which are rows. The postings are those of ``StoredFeatures``: each worker keeps them in
memory, renews them before it searches, and leaves them in the cache for the next to start with.
"""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from ..conf import conf
from ..core.same_picture.detail import WORK
from ..core.same_picture.relation import Relation
from ..models import IndexEntry, PictureMatch, StoredFeatures
from ..signals import same_picture_found, send_on_commit

if TYPE_CHECKING:
    from ..core.images import Picture
    from ..core.same_picture.compact import CompactFeatures
    from ..core.same_picture.features import LocalFeatures
    from ..core.same_picture.vocabulary import Vocabulary

logger = logging.getLogger(__name__)

#: Fewest inliers of a match that is told to people.
FEWEST_INLIERS = 26
#: Rows that are read from the database at once, 7 KB each.
CHUNK = 500
#: New works after which the postings are written to the cache again.
SAVED_EVERY = 2000


def replace_features(entry: IndexEntry, picture: Picture) -> None:
    """Store the features of an artwork's picture, unless those of the same file are there.

    To be called in a transaction. A picture that was read without OpenCV has no features.
    """
    if picture.features is None:
        return
    vocabulary = _vocabulary()
    fingerprint = vocabulary.fingerprint.hex()
    stored = StoredFeatures.objects.filter(entry=entry)
    if stored.filter(fingerprint=fingerprint, image_sha256=picture.sha256).exists():
        return
    stored.delete()
    record = vocabulary.encode(picture.features.strongest(WORK.features)).to_bytes()
    StoredFeatures.objects.create(
        entry=entry, fingerprint=fingerprint, image_sha256=picture.sha256, record=record
    )


def match_waiting(go_on: Callable[[], bool]) -> bool:
    """Match the features that were not yet, while ``go_on()``; return whether none is left.

    A work is matched after it was committed, with all that were committed before; so of two that
    arrive at once, the later finds the earlier, whichever process matches them.
    """
    waiting = StoredFeatures.objects.filter(matched_at=None).order_by("pk")
    if not waiting.exists():
        return True
    current = waiting.filter(fingerprint=_vocabulary().fingerprint.hex())
    while stored := current.first():
        _match(stored)
        if not go_on():
            return False
    return True


def newest() -> int:
    """Return the key of the features that were stored last, 0 if there are none."""
    key: int = StoredFeatures.objects.aggregate(newest=Max("pk", default=0))["newest"]
    return key


def find(features: LocalFeatures) -> list[tuple[int, Relation]]:
    """Return the stored features that show the same picture, by key, most inliers first."""
    from ..core.same_picture.search import find_same_picture

    postings = _postings()
    postings.renew()
    found = find_same_picture(features, postings.inverted_file, _read)
    return [
        (each.key, Relation.of(each.verification))
        for each in found
        if each.verification.inliers >= FEWEST_INLIERS
    ]


def _match(stored: StoredFeatures) -> None:
    compact = _parse(stored)
    found = [] if compact is None else find(_vocabulary().decode(compact))
    matches = [_pair(stored.pk, key, relation) for key, relation in found if key != stored.pk]
    try:
        with transaction.atomic():
            row = StoredFeatures.objects.filter(pk=stored.pk)
            if row.update(matched_at=timezone.now()):
                inliers = _not_known(stored, found)
                PictureMatch.objects.bulk_create(matches, ignore_conflicts=True)
                _announce(stored, inliers)
    except IntegrityError:
        logger.info("a work was deleted while it was matched; it is matched again")


def _not_known(stored: StoredFeatures, found: list[tuple[int, Relation]]) -> dict[int, int]:
    """Return the inliers of matches without a row yet, by the key of the other features."""
    of_both = Q(query=stored) | Q(candidate=stored)
    pairs = PictureMatch.objects.filter(of_both).values_list("query_id", "candidate_id")
    known = {stored.pk, *(key for pair in pairs for key in pair)}
    return {key: relation.inliers for key, relation in found if key not in known}


def _announce(stored: StoredFeatures, inliers: dict[int, int]) -> None:
    """Send ``same_picture_found`` for new matches, and for copies of the file.

    Of two copies without enough details to match, the one that is matched later finds the other.
    """
    same_file = StoredFeatures.objects.filter(image_sha256=stored.image_sha256)
    earlier = same_file.filter(Q(pk__lt=stored.pk) | Q(matched_at__isnull=False))
    others = earlier.exclude(pk=stored.pk).exclude(
        Q(matches__candidate=stored) | Q(matched__query=stored)
    )
    copies = set(others.values_list("pk", flat=True)) | set(
        same_file.filter(pk__in=inliers).values_list("pk", flat=True)
    )
    if not copies and not inliers:
        return
    rows = StoredFeatures.objects.filter(pk__in=[*copies, *inliers])
    matches = []
    for other in rows.select_related("entry__artwork"):
        count = None if other.pk in copies else inliers[other.pk]
        if other.matched_at is None and _arrived(other) > _arrived(stored):
            # The other came later, in the same batch, so the news concern it.
            _send(other, [(stored.entry.artwork_id, count)])
        else:
            matches.append((other.entry.artwork_id, count))
    if matches:
        _send(stored, matches)


def _arrived(stored: StoredFeatures) -> tuple[datetime, int]:
    return stored.entry.requested_at, stored.entry.pk


def _send(stored: StoredFeatures, matches: list[tuple[Any, int | None]]) -> None:
    artwork = stored.entry.artwork
    send_on_commit(same_picture_found, type(artwork), artwork=artwork, matches=matches)


def _pair(query: int, candidate: int, relation: Relation) -> PictureMatch:
    """Return the match of a pair, with the later features as the query.

    So each pair has one row, even if two workers find it at once, each from another side.
    """
    if query < candidate:
        query, candidate, relation = candidate, query, relation.reversed()
    return PictureMatch(
        query_id=query,
        candidate_id=candidate,
        inliers=relation.inliers,
        relation=relation.to_json(),
    )


def _read(key: int) -> CompactFeatures | None:
    stored = StoredFeatures.objects.filter(pk=key).first()
    return None if stored is None else _parse(stored)


def _parse(stored: StoredFeatures) -> CompactFeatures | None:
    from ..core.same_picture.compact import CompactFeatures

    try:
        return CompactFeatures.from_bytes(bytes(stored.record))
    except ValueError:
        logger.exception("the features %s cannot be read", stored.pk)
        return None


class Postings:
    """The inverted file of the collection, as this process knows it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        from ..core.same_picture.inverted_file import InvertedFile
        from ..core.same_picture.segments import Segment

        self.fingerprint = vocabulary.fingerprint.hex()
        self.folder = conf.cache_dir / f"same-picture-{self.fingerprint}"
        segments: list[Segment] = []
        if latest := self._latest():
            with suppress(OSError, ValueError):
                segments = [Segment.open(each) for each in sorted(latest.iterdir())]
        self.inverted_file = InvertedFile(vocabulary, segments)
        self._unsaved = 0

    def renew(self) -> None:
        """Take in what was committed since, and drop what was deleted."""
        rows = StoredFeatures.objects.filter(fingerprint=self.fingerprint)
        stored = set(rows.values_list("pk", flat=True))
        known = set(self.inverted_file.work_keys().tolist())
        self.inverted_file.remove(sorted(known - stored))
        keys = iter(sorted(stored - known))
        while chunk := list(islice(keys, CHUNK)):
            self.inverted_file.add(list(self._works(rows.filter(pk__in=chunk))))
            self._unsaved += len(chunk)
        if self._unsaved >= SAVED_EVERY:
            self._save()

    def _works(self, rows: QuerySet[StoredFeatures]) -> Iterator[tuple[int, CompactFeatures]]:
        for stored in rows:
            if (compact := _parse(stored)) is not None:
                yield stored.pk, compact

    def _latest(self) -> Path | None:
        folders = self.folder.glob("saved-*")
        return max(folders, key=lambda folder: folder.stat().st_mtime, default=None)

    def _save(self) -> None:
        """Write all segments under a new name, then drop the older ones."""
        older = list(self.folder.glob("saved-*"))
        new = self.folder / f"new-{uuid.uuid4().hex}"
        for number, segment in enumerate(self.inverted_file.segments):
            segment.save(new / f"{number:04}")
        new.rename(self.folder / new.name.replace("new", "saved", 1))
        for folder in older:
            shutil.rmtree(folder, ignore_errors=True)
        self._unsaved = 0


@cache
def _postings_of(_process: int) -> Postings:
    return Postings(_vocabulary())


def _postings() -> Postings:
    return _postings_of(os.getpid())


def _vocabulary() -> Vocabulary:
    from ..core.same_picture.vocabulary import load_vocabulary

    return load_vocabulary()
