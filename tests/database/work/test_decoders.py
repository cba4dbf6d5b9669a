"""Processes that decode: what stops one of them fails one file."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage

from stylesim_app.collection import decoders
from stylesim_app.core import decoder_process
from stylesim_app.core.decoding import Request
from stylesim_app.core.errors import ImageError
from stylesim_app.core.images import Limits, Picture
from stylesim_app.models import IndexEntry, WorkItem
from stylesim_app.work import pipeline, worker, worklist
from tests import odd_pictures, pictures

State = WorkItem.State
LIMITS = Limits(10_000_000, 100_000_000)
REQUEST = Request(LIMITS)


@pytest.fixture
def pool():
    pool = decoders.Decoders(memory=400_000_000, pixels=100_000_000)
    yield pool
    pool.close()


def running(pool) -> list[int]:
    """The processes of a pool that are free."""
    return [decoder.pid for decoder in pool._free.queue if decoder is not None]


def test_a_process_is_kept_for_the_next_file(pool):
    assert isinstance(pool.decode(pictures.png(), REQUEST, 60), Picture)
    first = running(pool)
    pool.decode(pictures.png("disc-b"), REQUEST, 60)
    with pytest.raises(ImageError, match="not an image"):
        pool.decode(b"text", REQUEST, 60)
    assert running(pool) == first
    assert len(first) == 1


def test_a_killed_process_is_replaced_and_its_file_decoded_again(pool):
    pool.decode(pictures.png(), REQUEST, 60)
    [before] = running(pool)
    os.kill(before, signal.SIGKILL)
    assert isinstance(pool.decode(pictures.png(), REQUEST, 60), Picture)
    assert running(pool) != [before]


def test_a_file_that_kills_each_process_fails_with_the_reason(pool, monkeypatch):
    decode = decoders.Decoder.decode
    killed = []

    def kill(decoder, *arguments):
        killed.append(decoder.pid)
        os.kill(decoder.pid, signal.SIGKILL)
        return decode(decoder, *arguments)

    monkeypatch.setattr(decoders.Decoder, "decode", kill)
    with pytest.raises(ImageError, match="SIGKILL") as caught:
        pool.decode(pictures.png(), REQUEST, 60)
    assert caught.value.code == "image_decoder_died"
    assert len(set(killed)) == decoders.TRIES
    assert running(pool) == []


def test_a_file_that_takes_too_long_is_given_up(pool):
    with pytest.raises(ImageError, match="The limit is 0 seconds") as caught:
        pool.decode(pictures.png(), REQUEST, 0)
    assert caught.value.code == "image_too_slow"
    assert running(pool) == []
    assert isinstance(pool.decode(pictures.png(), REQUEST, 60), Picture)


def test_a_file_that_needs_too_much_memory_fails_alone(pool):
    """A hundred megapixels need 400 MB for their pixels alone."""
    large = odd_pictures.large_png(10_000)
    with pytest.raises(ImageError, match="memory") as caught:
        pool.decode(large, REQUEST, 60)
    assert caught.value.code == "image_too_much_memory"
    assert isinstance(pool.decode(pictures.png(), REQUEST, 60), Picture)


def test_the_rest_of_a_batch_is_computed_when_a_process_dies(monkeypatch):
    storage = InMemoryStorage()
    for name in ("disc-a", "disc-b", "disc-c"):
        storage.save(name, ContentFile(pictures.png(name)))
    decode = decoders.Decoder.decode

    def kill(decoder, content, *arguments):
        if content == pictures.png("disc-b"):
            os.kill(decoder.pid, signal.SIGKILL)
        return decode(decoder, content, *arguments)

    monkeypatch.setattr(decoders.Decoder, "decode", kill)
    with pipeline.Pipeline() as running:
        files = [(storage, name) for name in ("disc-a", "disc-b", "disc-c")]
        outcomes = running.start(files, lambda found: found).result()
    assert [getattr(outcome, "code", "") for outcome in outcomes] == ["", "image_decoder_died", ""]


def test_a_slow_file_delays_no_other(make_artwork, monkeypatch):
    monkeypatch.setattr(pipeline, "PATIENCE", 0.2)
    slow, others = make_artwork("disc-a"), [make_artwork(name) for name in ("disc-b", "disc-c")]
    attempt, stored = decoders.Decoders.decode, threading.Event()

    def wait(pool, content, *arguments):
        if content == pictures.png("disc-a"):
            assert stored.wait(60)
        return attempt(pool, content, *arguments)

    finish = WorkItem.finish

    def note(item, **results):
        finished = finish(item, **results)
        if IndexEntry.objects.filter(state=State.INDEXED).count() == len(others):
            stored.set()
        return finished

    monkeypatch.setattr(decoders.Decoders, "decode", wait)
    monkeypatch.setattr(WorkItem, "finish", note)
    worklist.reconcile()
    done: list[int] = []
    assert worker.work_through(on_progress=done.append) is False
    assert sum(done) == 3
    assert slow.stylesim_entry.state == State.INDEXED
    assert set(IndexEntry.objects.values_list("attempts", flat=True)) == {1}


def test_pixels_under_way_are_bounded_over_all_threads():
    budget, most = decoders.PixelBudget(10), []
    under_way, lock = [], threading.Lock()

    def take(pixels):
        with budget.take(pixels):
            with lock:
                under_way.append(min(pixels, 10))
                most.append(sum(under_way))
            time.sleep(0.01)
            with lock:
                under_way.remove(min(pixels, 10))

    threads = [threading.Thread(target=take, args=[pixels]) for pixels in (3, 4, 5, 6, 99, 1, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 7
    assert max(most) <= 10


def test_damage_that_a_decoder_tolerates_is_noted(pool):
    whole = pictures.encode(pictures.draw("disc-a", (400, 300)), "JPEG", quality=95)
    half = whole[: len(whole) // 2] + b"\xff\xd9"
    picture = pool.decode(half, Request(LIMITS, sides=(240,)), 60)
    assert picture.facts.notes == ("read_with_errors",)
    # A complaint about one file is not held against the next.
    assert pool.decode(whole, Request(LIMITS, sides=(240,)), 60).facts.notes == ()


# The process itself, here without one


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ImageError("image_broken", reason=OSError("cut")), "image_broken"),
        (MemoryError(), "image_too_much_memory"),
        (ValueError("Insufficient memory"), "image_too_much_memory"),
    ],
)
def test_failures_are_answers(monkeypatch, error, code):
    def refuse(*_):
        raise error

    monkeypatch.setattr(decoder_process, "decode", refuse)
    answer = decoder_process.answer_to(b"", REQUEST)
    assert isinstance(answer, decoder_process.Refused)
    assert answer.code == code
    assert all(isinstance(value, str) for value in answer.params.values())


def test_requests_are_answered_until_the_connection_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(signal, "alarm", lambda seconds: 0)
    requests = [(REQUEST, 9), (REQUEST, 9)]
    answers: list[Any] = []

    def receive():
        if not requests:
            raise EOFError
        return requests.pop()

    contents = [b"text", pictures.png()]
    connection: Any = SimpleNamespace(recv=receive, recv_bytes=contents.pop, send=answers.append)
    with (tmp_path / "complaints").open("w+b") as complaints:
        complaints.write(b"LZWDecode: Corrupted table")
        complaints.flush()
        decoder_process.serve(connection, complaints.fileno())
    picture, refused = answers
    assert picture.facts.notes == ("read_with_errors",)
    assert refused.code == "image_unknown_format"
