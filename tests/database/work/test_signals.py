"""The public signals for hosts and wings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from easy_thumbnails.models import Thumbnail

from stylesim_app import files, signals
from stylesim_app.collection import thumbnails
from stylesim_app.conf import conf
from stylesim_app.models import Artwork, IndexEntry
from stylesim_app.work import worklist
from tests import pictures

NAMES = ("artwork_indexed", "artwork_failed", "picture_replaced", "neighbours_changed")


@pytest.fixture
def received() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What was sent, as the name of each signal and its arguments."""
    sent: list[tuple[str, dict[str, Any]]] = []
    receivers = {}
    for name in NAMES:

        def receive(signal: Any, sender: Any, name: str = name, **arguments: Any) -> None:
            assert sender is Artwork
            sent.append((name, arguments))

        receivers[name] = receive
        getattr(signals, name).connect(receive)
    yield sent
    for name, receive in receivers.items():
        getattr(signals, name).disconnect(receive)


def names(received: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [name for name, _ in received]


def test_a_described_artwork_is_announced_and_so_is_its_list(make_artwork, run_worker, received):
    works = [make_artwork(name) for name in ("disc-a", "bars-a", "cross-b", "disc-c")]
    run_worker()
    indexed = [arguments["artwork"] for name, arguments in received if name == "artwork_indexed"]
    assert set(indexed) == set(works)
    listed = {
        key
        for name, arguments in received
        if name == "neighbours_changed"
        for key in arguments["artworks"]
    }
    assert listed == {work.pk for work in works}


def test_a_failure_is_announced_once_with_its_reason(make_artwork, run_worker, received):
    artwork = make_artwork()
    artwork.image.storage.delete(artwork.image.name)
    artwork.image.storage.save(artwork.image.name, ContentFile(b"no picture"))
    run_worker()
    [(name, arguments)] = received
    assert (name, arguments["artwork"]) == ("artwork_failed", artwork)
    assert arguments["reason"] == IndexEntry.objects.get().reason


def test_a_worker_that_stops_each_time_is_announced(make_artwork, run_worker, received):
    make_artwork()
    worklist.reconcile()
    IndexEntry.objects.update(attempts=conf.max_attempts)
    run_worker()
    assert names(received) == ["artwork_failed"]
    assert "The worker stopped" in received[0][1]["reason"]


def test_a_replaced_picture_is_announced_and_its_thumbnails_go(
    make_artwork: Callable[..., Artwork],
    run_worker: Callable[[], None],
    received: list[tuple[str, dict[str, Any]]],
    django_capture_on_commit_callbacks: Any,
):
    artwork = make_artwork("disc-a")
    run_worker()
    made = list(Thumbnail.objects.values_list("name", flat=True))
    assert len(made) == len(thumbnails.SIZES)
    old_name = artwork.image.name
    received.clear()
    with django_capture_on_commit_callbacks(execute=True):
        artwork.image.save("new.png", ContentFile(pictures.png("cross-b")))
    assert received == [("picture_replaced", {"artwork": artwork, "old_name": old_name})]
    assert not Thumbnail.objects.exists()
    assert not any(files.exists(name) for name in made)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_of_what_is_rolled_back(received):
    with transaction.atomic():
        signals.send_on_commit(signals.artwork_indexed, Artwork, artwork=None)
        transaction.set_rollback(True)
    assert received == []


@pytest.mark.django_db(transaction=True)
def test_an_error_in_a_receiver_stops_nothing(make_artwork):
    def refuse(**_: Any) -> None:
        raise RuntimeError

    signals.artwork_indexed.connect(refuse)
    try:
        signals.send_on_commit(signals.artwork_indexed, Artwork, artwork=None)
    finally:
        signals.artwork_indexed.disconnect(refuse)
