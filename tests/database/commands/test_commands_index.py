"""The command ``stylesim_index``: the works that it indexes, those that it leaves, and its end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ

from stylesim_app import files
from stylesim_app.conf import conf
from stylesim_app.core.descriptors import Descriptor, Provenance
from stylesim_app.index import sets
from stylesim_app.index.status import running_workers
from stylesim_app.models import (
    DescriptorSet,
    IndexEntry,
    StoredDescriptor,
    WorkItem,
)
from stylesim_app.work import foreground, pipeline, worker, worklist
from stylesim_app.work.foreground import Request

State = WorkItem.State
pytestmark = pytest.mark.django_db


def states() -> dict[str, str]:
    return dict(IndexEntry.objects.values_list("artwork__title", "state"))


@pytest.fixture
def another_network(collection: dict[str, Any], described: dict[str, Descriptor]) -> DescriptorSet:
    """The collection as another network described it, of which only two works are left."""
    for name, artwork in collection.items():
        if name not in ("disc-a", "bars-b"):
            artwork.delete()
    serving = DescriptorSet.objects.get()
    facts = {**serving.provenance, "weights": "former", "weights_sha256": "0" * 64}
    former = Provenance.from_json(facts)
    DescriptorSet.objects.update(digest=former.digest, provenance=former.to_json())
    return DescriptorSet.objects.get()


def test_what_waits_is_described_and_found_even_if_no_message_announced_it(make_artwork, capsys):
    make_artwork("disc-a")
    make_artwork("bars-b")
    call_command("stylesim_index")
    assert states() == {"disc-a": State.INDEXED, "bars-b": State.INDEXED}
    assert StoredDescriptor.objects.count() == 2
    assert "2 indexed, 0 failed." in capsys.readouterr().out


def test_the_command_is_a_worker_until_it_ends(make_artwork, monkeypatch):
    make_artwork()
    seen: list[int] = []
    store = worker.Batch.store

    def store_and_look(*facts: Any) -> None:
        seen.append(running_workers().count())
        store(*facts)

    monkeypatch.setattr(worker.Batch, "store", store_and_look)
    call_command("stylesim_index")
    assert seen == [1]
    assert not running_workers().exists()


def test_where_nothing_waits_no_network_is_loaded(db, capsys, settings):
    settings.STYLESIM_WEIGHTS = "/nowhere/weights.safetensors"
    call_command("stylesim_index")
    assert capsys.readouterr().out == "No works are waiting.\n"


def test_a_bad_file_among_good_ones_is_listed_with_its_reason(make_artwork, capsys):
    make_artwork("disc-a")
    bad = make_artwork("bars-b")
    with bad.image.storage.open(bad.image.name, "wb") as file:
        file.write(b"no image any more")
    with pytest.raises(CommandError, match="1 work could not be indexed") as caught:
        call_command("stylesim_index")
    assert caught.value.returncode == 1
    assert states() == {"disc-a": State.INDEXED, "bars-b": State.FAILED}
    printed = capsys.readouterr()
    assert "1 indexed, 1 failed." in printed.out
    assert f"{bad.pk}  bars-b: The file is not an image" in printed.err


def test_failures_of_another_day_do_not_fail_a_run(make_artwork, capsys):
    bad = make_artwork("bars-b")
    worklist.reconcile()
    IndexEntry.objects.filter(artwork=bad).update(state=State.FAILED)
    make_artwork("disc-a")
    call_command("stylesim_index")
    assert states() == {"disc-a": State.INDEXED, "bars-b": State.FAILED}
    assert "1 indexed, 0 failed." in capsys.readouterr().out


def test_failed_tries_what_failed_once_more_and_leaves_the_rest(collection):
    IndexEntry.objects.filter(artwork=collection["disc-a"]).update(
        state=State.FAILED, attempts=3, error="The disk was full."
    )
    before = dict(IndexEntry.objects.values_list("pk", "indexed_at"))
    call_command("stylesim_index", "--failed")
    entry = IndexEntry.objects.get(artwork=collection["disc-a"])
    assert (entry.state, entry.attempts, entry.error) == (State.INDEXED, 1, "")
    changed = {
        pk for pk, at in IndexEntry.objects.values_list("pk", "indexed_at") if before[pk] != at
    }
    assert changed == {entry.pk}


def test_all_describes_every_work_again(make_artwork):
    make_artwork("disc-a")
    call_command("stylesim_index")
    first = StoredDescriptor.objects.get().file_name
    call_command("stylesim_index", "--all")
    assert StoredDescriptor.objects.get().file_name != first


def test_stale_describes_what_another_network_described(another_network):
    call_command("stylesim_index", "--stale")
    assert set(states().values()) == {State.INDEXED}
    serving = sets.serving_set()
    assert serving is not None
    assert serving.to_provenance() == pipeline.get_network().provenance
    assert set(StoredDescriptor.objects.values_list("descriptor_set", flat=True)) == {serving.pk}


def test_without_stale_what_another_network_described_stays(another_network, capsys):
    call_command("stylesim_index")
    assert capsys.readouterr().out == "No works are waiting.\n"
    assert sets.serving_set() == another_network


def test_queue_enters_the_works_rings_once_and_describes_nothing(collection, capsys):
    OrmQ.objects.all().delete()
    call_command("stylesim_index", "--all", "--queue")
    assert set(states().values()) == {State.PENDING}
    assert OrmQ.objects.count() == 1
    assert "12 works queued" in capsys.readouterr().out


def test_one_kind_of_works_at_a_time(db):
    with pytest.raises(CommandError, match="not allowed with argument"):
        call_command("stylesim_index", "--all", "--stale")


def test_a_second_attempt_is_waited_for(make_artwork, monkeypatch, settings):
    """A file that storage gives only the second time ends indexed, not waiting."""
    artwork = make_artwork("disc-a")
    storage = artwork.image.storage
    content = storage.open(artwork.image.name).read()
    storage.delete(artwork.image.name)
    fail = worklist.fail

    def restore(*args: Any, **options: Any) -> bool:
        Path(storage.path(artwork.image.name)).write_bytes(content)
        return fail(*args, **options)

    monkeypatch.setattr(worklist, "fail", restore)
    monkeypatch.setattr(worklist, "RETRY_SECONDS", 1)
    call_command("stylesim_index")
    entry = IndexEntry.objects.get()
    assert (entry.state, entry.attempts) == (State.INDEXED, 2)


def test_a_work_that_another_worker_holds_is_waited_for(make_artwork):
    make_artwork("disc-a")
    worklist.reconcile()
    [entry] = worklist.claim(IndexEntry, 1)
    IndexEntry.objects.filter(pk=entry.pk).update(due_at=timezone.now() + timedelta(seconds=1))
    seen: list[int] = []
    assert not foreground.index_waiting(seen.append, seen.append).exists()
    assert seen[0] == 1
    assert seen[-1] == 0


def test_ctrl_c_puts_back_what_was_claimed(make_artwork, monkeypatch):
    for name in ("disc-a", "bars-b"):
        make_artwork(name)

    def interrupt(*_: object) -> None:
        assert IndexEntry.objects.filter(lease_token__isnull=False).count() == 2
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline.Pipeline, "start", interrupt)
    with pytest.raises(CommandError, match="Stopped with 2 works waiting") as caught:
        call_command("stylesim_index")
    assert caught.value.returncode == 130
    for entry in IndexEntry.objects.all():
        assert (entry.state, entry.attempts, entry.lease_token) == (State.PENDING, 0, None)
        assert entry.due_at <= timezone.now()


def test_release_leaves_what_nobody_holds(collection):
    IndexEntry.objects.filter(artwork=collection["disc-a"]).update(state=State.PENDING, attempts=1)
    assert worklist.release(IndexEntry.objects.all()) == 0
    assert IndexEntry.objects.get(artwork=collection["disc-a"]).attempts == 1


def test_only_the_first_failures_are_listed(make_artwork, capsys):
    artworks = [make_artwork("disc-a", title=f"work {number}") for number in range(22)]
    for artwork in artworks:
        artwork.image.storage.delete(artwork.image.name)
    worklist.reconcile()
    IndexEntry.objects.update(attempts=conf.max_attempts - 1)
    with pytest.raises(CommandError, match="22 works could not be indexed"):
        call_command("stylesim_index")
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if "is missing from storage" in line]) == 20
    assert "and 2 more" in lines[-1]


def test_requests_are_counted_with_what_waits_anyway(collection, make_artwork):
    make_artwork("disc-a", title="new")
    assert foreground.enter(Request.WAITING) == 1
    assert foreground.enter(Request.ALL) == 13


def test_a_damaged_descriptor_file_is_described_again_by_failed(collection):
    stored = StoredDescriptor.objects.get(entry__artwork=collection["disc-a"])
    files.delete([stored.file_name])
    call_command("stylesim_rank", str(files_path(collection["bars-b"])))
    assert states()["disc-a"] == State.INDEXED
    call_command("stylesim_index")
    assert states()["disc-a"] == State.FAILED
    call_command("stylesim_index", "--failed")
    assert states()["disc-a"] == State.INDEXED


def files_path(artwork: Any) -> Path:
    return Path(artwork.image.path)
