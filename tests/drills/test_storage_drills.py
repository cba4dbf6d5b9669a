"""Kills between file and row, a small disk, and files that were changed behind the app's back."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils import timezone

from stylesim_app import files
from stylesim_app.exceptions import StorageFull
from stylesim_app.index import sets, storing
from stylesim_app.models import DescriptorSet, IndexEntry, StoredDescriptor, WorkItem
from stylesim_app.work import verification, worklist
from tests import pictures
from tests.database.work.test_bad_files import damage, flip
from tests.stored_files import due_now

from .counting import show

KILLS = 20


class Killed(BaseException):
    """The end of a process, which no handler of the app sees."""


def root() -> Path:
    return Path(files.private_storage().path(""))


def make_old() -> None:
    past = time.time() - 48 * 3600
    for path in root().rglob("*"):
        os.utime(path, (past, past))


def test_kills_between_file_and_row(make_artwork, run_worker, monkeypatch):
    artwork = make_artwork("disc-a")
    run_worker()

    def kill(*facts):
        raise Killed

    for _ in range(KILLS):
        worklist.request_again(IndexEntry.objects.all())
        with monkeypatch.context() as patch:
            patch.setattr(storing, "_replace_descriptor", kill)
            # A process that is killed cleans nothing up.
            patch.setattr(files, "delete", lambda names: None)
            with pytest.raises(Killed):
                run_worker()
    make_old()
    before = len(verification.run().findings)
    report = verification.run(remove_orphans=True)
    left = len(verification.run().findings)
    worklist.request_again(IndexEntry.objects.all())
    run_worker()
    show(
        "kills between file and row", kills=KILLS, orphans=before, removed=report.removed, left=left
    )
    assert (before, left) == (KILLS, 0)
    assert artwork.stylesim_entry.descriptors.count() == 1


def test_flipped_and_swapped_files(collection, run_worker):
    rows = list(StoredDescriptor.objects.order_by("pk"))
    damage(rows[0].file_name, flip(0.4))
    damage(rows[1].file_name, lambda content: content[:5000])
    first, second = (root() / rows[at].file_name for at in (2, 3))
    contents = first.read_bytes(), second.read_bytes()
    first.write_bytes(contents[1])
    second.write_bytes(contents[0])
    files.delete([rows[4].file_name])
    found = [each for each in verification.run(repair=True).findings if each.place == "descriptors"]
    run_worker()
    left = verification.run().wrong
    show("flipped and swapped files", changed=5, found=len(found), left=left)
    assert (len(found), left) == (5, 0)


def test_a_small_disk(settings, tmp_path, make_artwork, run_worker):
    """A file system of 3 MB, which is really full after three works."""
    mount = tmp_path / "small"
    mount.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(mount)], capture_output=True
    )
    if made.returncode:
        pytest.skip("this process may not mount a file system")
    try:
        backend = "django.core.files.storage.FileSystemStorage"
        settings.STORAGES = {
            **settings.STORAGES,
            "stylesim": {"BACKEND": backend, "OPTIONS": {"location": mount}},
        }
        for name in pictures.NAMES[:6]:
            make_artwork(name)
        run_worker()
        entries = IndexEntry.objects
        stored = StoredDescriptor.objects.count()
        parts = len([path for path in mount.rglob("*") if files.PART in path.name])
        attempts = sum(entries.filter(state="pending").values_list("attempts", flat=True))
        with pytest.raises(StorageFull):
            files.write("probes", "bin", bytes(3_000_000))
        subprocess.run(["mount", "-o", "remount,size=30m", str(mount)], check=True)
        due_now()
        run_worker()
        indexed = entries.filter(state=WorkItem.State.INDEXED).count()
        show(
            "small disk", works=6, before=stored, half_files=parts, attempts=attempts, after=indexed
        )
        assert 0 < stored < 6
        assert (parts, attempts, indexed) == (0, 0, 6)
        assert verification.run().wrong == 0
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_a_mount_taken_away(collection, make_artwork, run_worker):
    for name in pictures.NAMES[:6]:
        make_artwork(name)
    worklist.reconcile()
    here = root()
    away = here.with_name("away")
    here.rename(away)
    here.mkdir()
    for _ in range(3):
        run_worker()
    written = len(list(here.iterdir()))
    attempts = sum(IndexEntry.objects.filter(state="pending").values_list("attempts", flat=True))
    dropped = 12 - StoredDescriptor.objects.count()
    here.rmdir()
    away.rename(here)
    due_now()
    run_worker()
    indexed = IndexEntry.objects.filter(state=WorkItem.State.INDEXED).count()
    show("mount taken away", written=written, attempts=attempts, dropped=dropped, after=indexed)
    assert (written, attempts, dropped, indexed) == (0, 0, 0, 18)


def test_a_change_of_weights_with_kills(collection, run_worker, monkeypatch):
    """The collection was described with other weights; the new set is completed between kills."""
    old = sets.serving_set()
    assert old is not None
    other = replace(old.to_provenance(), weights_sha256="other")
    DescriptorSet.objects.filter(pk=old.pk).update(digest=other.digest, provenance=other.to_json())
    sets.open_set(old.to_provenance())
    worklist.request_again(IndexEntry.objects.filter(state=WorkItem.State.STALE))
    store = storing._replace_descriptor
    kills = 5

    for _ in range(kills):
        stored: list[int] = []

        def kill_second(*facts, stored=stored):
            if stored:
                raise Killed
            stored.append(1)
            return store(*facts)

        with monkeypatch.context() as patch:
            patch.setattr(storing, "_replace_descriptor", kill_second)
            patch.setattr(files, "delete", lambda names: None)
            with pytest.raises(Killed):
                run_worker()
        # The lease of a killed worker ends.
        IndexEntry.objects.filter(state="pending").update(due_at=timezone.now(), attempts=0)
    for _ in range(2):
        run_worker()
        DescriptorSet.objects.update(maintained_until=timezone.now())
    make_old()
    verification.run(remove_orphans=True)
    left = verification.run(repair=True)
    indexed = IndexEntry.objects.filter(state=WorkItem.State.INDEXED).count()
    stale = IndexEntry.objects.filter(state=WorkItem.State.STALE).count()
    orphans = sum(each.kind == "orphan" for each in left.findings)
    show("change of weights", kills=kills, indexed=indexed, stale=stale, orphans=orphans)
    assert (indexed, stale, orphans) == (12, 0, 0)
