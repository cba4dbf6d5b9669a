"""Files that the collection holds already, told apart while they are uploaded."""

from __future__ import annotations

import hashlib
import io
import threading
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone
from django_q.models import OrmQ

from stylesim_app import tasks
from stylesim_app.models import Artwork, FileClaim, IndexEntry, WorkItem
from stylesim_app.work import known_files
from tests import pictures

PNG = pictures.png("disc-a")
SHA256 = hashlib.sha256(PNG).hexdigest()


def save(title: str = "new") -> Artwork:
    return Artwork.objects.create(title=title, image=ContentFile(PNG, "a.png"))


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.png", PNG)


def test_a_file_is_digested_and_rewound():
    file = upload()
    file.read(10)
    assert known_files.digest(file) == SHA256
    assert file.read() == PNG


def test_a_stream_that_cannot_be_read_twice_is_left_alone():
    class Stream(io.BytesIO):
        def seekable(self):
            return False

    stream = File(Stream(PNG), name="a.png")
    assert known_files.digest(stream) == ""
    assert stream.read() == PNG


def test_a_saved_upload_is_known_before_a_worker_reads_it(db, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        save()
    entry = IndexEntry.objects.get()
    assert (entry.image_sha256, entry.state) == (SHA256, WorkItem.State.PENDING)


def test_a_known_file_is_not_added_again_unless_wanted(db, django_capture_on_commit_callbacks):
    works = Artwork.objects.all()
    with django_capture_on_commit_callbacks(execute=True):
        first, known = known_files.add_unless_known(upload(), save, works)
    assert known is None
    assert OrmQ.objects.count() == 1
    assert known_files.add_unless_known(upload(), save, works) == (None, first)
    second, known = known_files.add_unless_known(upload(), save, works, anyway=True)
    assert known == first
    assert set(works) == {first, second}


def test_a_work_that_the_caller_may_not_see_is_not_revealed(db):
    hidden = save()
    known_files.enter(hidden, SHA256)
    added, known = known_files.add_unless_known(
        upload(), save, Artwork.objects.filter(is_public=True)
    )
    assert added != hidden
    assert known is None


def test_a_work_of_an_entry_is_indexed_once(db, run_worker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        known_files.add_unless_known(upload(), save, Artwork.objects.all())
    run_worker()
    entry = IndexEntry.objects.get()
    assert (entry.state, entry.attempts, entry.image_sha256) == ("indexed", 1, SHA256)


def test_a_file_that_failed_is_tried_again_when_it_is_uploaded_again(
    db, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        artwork = save()
    IndexEntry.objects.update(state="failed")
    with django_capture_on_commit_callbacks(execute=True):
        artwork.image = ContentFile(PNG, "b.png")
        artwork.save()
    assert IndexEntry.objects.get().state == WorkItem.State.PENDING


@pytest.mark.django_db(transaction=True)
def test_of_two_uploads_at_the_same_time_one_is_added():
    together = threading.Barrier(2, timeout=20)
    outcomes: list[Artwork | None] = []
    errors: list[BaseException] = []

    def add() -> None:
        try:
            together.wait()
            added, _ = known_files.add_unless_known(upload(), save, Artwork.objects.all())
            outcomes.append(added)
        except BaseException as error:  # noqa: BLE001  (shown below)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(outcomes) == 2
    assert outcomes.count(None) == 1
    assert Artwork.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_claim_waits_for_the_transaction_that_holds_it():
    order: list[str] = []
    claimed = threading.Event()

    def second() -> None:
        claimed.wait(20)
        with transaction.atomic():
            known_files.claim(SHA256)
            order.append("second")
        connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    with transaction.atomic():
        known_files.claim(SHA256)
        claimed.set()
        # The other thread is waiting, or about to; it cannot overtake in either case.
        thread.join(0.2)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]


def test_past_claims_are_deleted(db):
    FileClaim.objects.create(sha256="old", claimed_at=timezone.now() - timedelta(hours=2))
    FileClaim.objects.create(sha256="new")
    tasks.ring_again()
    assert [claim.sha256 for claim in FileClaim.objects.all()] == ["new"]
