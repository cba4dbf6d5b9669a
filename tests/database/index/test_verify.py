"""The check of everything stored: what it finds, what it mends, and what it removes."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from stylesim_app import files
from stylesim_app.collection import thumbnails
from stylesim_app.core.descriptors import read_image_sha256
from stylesim_app.index import orphans, storage, upkeep
from stylesim_app.models import (
    Artwork,
    Calibration,
    IndexEntry,
    Neighbour,
    StorageFinding,
    StorageState,
    StoredDescriptor,
    WorkItem,
)
from stylesim_app.work import verification
from tests import pictures
from tests.database.work.test_bad_files import damage, flip

State = WorkItem.State


@pytest.fixture
def listed(collection):
    """Twelve works with lists of neighbours and one thumbnail."""
    upkeep.maintain(60, idle=True)
    thumbnails.make_thumbnails(collection["disc-a"], ["small"])
    return collection


def places(report) -> list[tuple[str, str]]:
    return sorted((each.place, str(each.kind)) for each in report.findings)


def descriptor_of(artwork) -> StoredDescriptor:
    return artwork.stylesim_entry.descriptors.get()


def age(storage_, *names: str, hours: float = 48) -> None:
    past = time.time() - hours * 3600
    for name in names:
        os.utime(storage_.path(name), (past, past))


def test_a_sound_collection_has_no_findings(listed, capsys):
    call_command("stylesim_verify")
    out, err = capsys.readouterr()
    assert "0 files without a record" in out
    assert err == ""
    call_command("stylesim_verify", json=True)
    answer = json.loads(capsys.readouterr().out)
    checked = {place: facts["checked"] for place, facts in answer["places"].items()}
    expected = {
        **dict.fromkeys(("entries", "originals", "descriptors", "lists"), 12),
        **dict.fromkeys(("calibrations", "thumbnails"), 1),
    }
    assert {place: checked[place] for place in expected} == expected
    assert answer["wrong"] == 0
    assert answer["entries"] == {"pending": 0, "failed": 0}


def test_works_without_a_descriptor_are_counted(listed, capsys):
    chosen = IndexEntry.objects.filter(artwork__in=[listed["disc-a"], listed["disc-b"]])
    StoredDescriptor.objects.filter(entry__in=chosen).delete()
    chosen.update(state="failed")
    IndexEntry.objects.filter(artwork=listed["disc-b"]).update(state="pending")
    call_command("stylesim_verify")
    assert "1 waiting, 1 failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (flip(0.3), "damaged"),
        (flip(1), "damaged"),
        (lambda content: content[:1000], "damaged"),
        (lambda content: None, "missing"),
    ],
)
def test_a_damaged_descriptor_is_found_and_mended(listed, run_worker, change, kind):
    damage(descriptor_of(listed["disc-b"]).file_name, change)
    assert ("descriptors", kind) in places(verification.run())
    with pytest.raises(CommandError, match="not mended"):
        call_command("stylesim_verify")
    assert StorageFinding.objects.filter(place="descriptors", kind=kind).count() == 1
    call_command("stylesim_verify", repair=True)
    run_worker()
    assert places(verification.run()) == []
    assert not StorageFinding.objects.exists()
    assert StoredDescriptor.objects.count() == 12


def test_swapped_files_are_found(listed):
    storage_ = files.private_storage()
    first, second = (
        Path(storage_.path(descriptor_of(listed[name]).file_name)) for name in ("disc-a", "disc-b")
    )
    contents = first.read_bytes(), second.read_bytes()
    first.write_bytes(contents[1])
    second.write_bytes(contents[0])
    assert places(verification.run()).count(("descriptors", "damaged")) == 2


def test_swapped_names_are_found_by_the_file_that_was_described(listed, run_worker):
    """Each file is sound, but it is the descriptor of another picture."""
    first, second = descriptor_of(listed["disc-a"]), descriptor_of(listed["disc-b"])
    names = first.file_name, second.file_name
    StoredDescriptor.objects.filter(pk=first.pk).update(file_name=names[1])
    StoredDescriptor.objects.filter(pk=second.pk).update(file_name=names[0])
    report = verification.run(repair=True)
    assert places(report).count(("descriptors", "exchanged")) == 2
    assert report.wrong == 0
    run_worker()
    assert places(verification.run()) == []


def test_a_stored_descriptor_names_the_file_that_it_is_of(make_artwork, run_worker):
    make_artwork("disc-a")
    run_worker()
    entry = IndexEntry.objects.get()
    content = files.read(entry.descriptors.get().file_name)
    assert read_image_sha256(content) == entry.image_sha256
    assert read_image_sha256(b"damaged") == ""


def test_a_descriptor_of_another_network_is_found(listed):
    stored = descriptor_of(listed["disc-a"])
    set_ = stored.descriptor_set
    type(set_).objects.filter(pk=set_.pk).update(digest="0" * 64)
    assert ("descriptors", "exchanged") in places(verification.run())


def test_a_picture_that_changed_without_notice_is_indexed_again(listed, run_worker):
    artwork = listed["disc-a"]
    Path(artwork.image.path).write_bytes(pictures.png("bars-b"))
    report = verification.run(repair=True)
    assert places(report) == [("originals", "exchanged")]
    run_worker()
    assert places(verification.run()) == []


def test_a_lost_picture_is_found_and_stays_wrong(listed, capsys):
    artwork = listed["disc-a"]
    artwork.image.storage.delete(artwork.image.name)
    with pytest.raises(CommandError, match="1 problem was found"):
        call_command("stylesim_verify", repair=True)
    assert "The file is missing from storage." in capsys.readouterr().out


def test_pictures_that_are_all_gone_are_no_findings(listed, settings):
    media = Path(settings.MEDIA_ROOT)
    media.rename(media.with_name("away"))
    report = verification.run()
    assert report.skipped == ["originals"]
    assert report.wrong == 1
    assert not report.findings


def test_a_calibration_is_made_again(listed, run_worker):
    damage(Calibration.objects.get().file_name, flip(0.5))
    report = verification.run(repair=True)
    assert places(report) == [("calibrations", "damaged")]
    run_worker()
    assert Calibration.objects.count() == 1
    assert places(verification.run()) == []


@pytest.mark.parametrize("field", ["distance", "relu5_2"])
def test_a_wrong_list_is_made_again(listed, run_worker, field):
    owner = descriptor_of(listed["disc-a"])
    line = owner.neighbours.order_by("-distance").first()
    before = getattr(line, field)
    Neighbour.objects.filter(pk=line.pk).update(**{field: before * 1.5})
    report = verification.run(repair=True)
    assert places(report) == [("lists", "damaged")]
    run_worker()
    assert places(verification.run()) == []
    again = owner.neighbours.get(neighbour=line.neighbour_id)
    assert getattr(again, field) == pytest.approx(before)


def test_a_list_of_other_distances_is_found_by_its_files(listed):
    """Each line is right in itself, but not of these two works."""
    owner = descriptor_of(listed["disc-a"])
    names = ["distance", *(f"relu{at}_1" for at in range(1, 6)), "relu5_2"]
    line = owner.neighbours.order_by("-distance").first()
    values = {name: 2 * getattr(line, name) for name in names}
    Neighbour.objects.filter(pk=line.pk).update(**values)
    assert places(verification.run()) == [("lists", "damaged")]


@pytest.mark.parametrize("change", [flip(0.7), lambda content: content[:200], lambda content: None])
def test_a_broken_thumbnail_is_made_again(listed, client, change):
    folder = Path(files.private_storage().path("thumbnails"))
    [path] = [each for each in folder.rglob("*") if each.is_file()]
    damage(str(path.relative_to(folder.parent)), change)
    report = verification.run(repair=True)
    assert [place for place, _ in places(report)] == ["thumbnails"]
    address = f"/artworks/{listed['disc-a'].pk}/small.jpg"
    assert client.get(address).status_code == 200
    assert places(verification.run()) == []


def test_a_work_that_no_ranking_holds_does_not_stay_indexed(listed, run_worker):
    descriptor_of(listed["disc-a"]).delete()
    assert IndexEntry.objects.get(artwork=listed["disc-a"]).state == State.INDEXED
    report = verification.run(repair=True)
    assert places(report) == [("entries", "incomplete")]
    run_worker()
    assert places(verification.run()) == []
    assert StoredDescriptor.objects.count() == 12


# Orphans


def test_files_that_no_row_names_go_after_the_grace_period(listed, capsys):
    storage_ = files.private_storage()
    old = [files.write(folder, "bin", b"old") for folder in ("descriptors", "searches", "other")]
    old += [storage_.save(f"descriptors/ab/half.{files.PART}", ContentFile(b"half"))]
    young = files.write("descriptors", "bin", b"young")
    media = Artwork._meta.get_field("image").storage
    picture = media.save("artworks/ab/left.png", ContentFile(b"picture"))
    hosts = media.save("other/left.png", ContentFile(b"the host's"))
    age(storage_, *old)
    age(media, picture, hosts)
    with pytest.raises(CommandError, match="5 problems"):
        call_command("stylesim_verify")
    assert all(map(storage_.exists, old))
    call_command("stylesim_verify", orphans=True)
    assert "5 files without a record, 5 of them deleted" in capsys.readouterr().out
    assert not any(map(storage_.exists, old))
    assert not media.exists(picture)
    assert storage_.exists(young)
    assert media.exists(hosts)
    assert storage_.exists(storage.MARKER)
    assert places(verification.run()) == []


def test_the_grace_period_is_a_setting(db, settings):
    name = files.write("descriptors", "bin", b"young")
    age(files.private_storage(), name, hours=1)
    [area] = [each for each in orphans.areas() if each.place == "private"]
    folder = name.rpartition("/")[0]
    assert list(orphans.find(area, folder)) == []
    settings.STYLESIM_ORPHAN_GRACE_HOURS = 0.5
    assert list(orphans.find(area, folder)) == [name]


def test_what_another_app_names_is_no_orphan(db, monkeypatch):
    name = files.write("descriptors", "bin", b"kept")
    age(files.private_storage(), name)
    monkeypatch.setattr(orphans, "_more_names", [])
    orphans.keep(lambda names: {name} & set(names))
    assert verification.run(remove_orphans=True).removed == 0
    assert files.exists(name)


def test_a_file_that_a_row_names_by_now_is_not_removed(listed):
    [area] = [each for each in orphans.areas() if each.place == "private"]
    name = descriptor_of(listed["disc-a"]).file_name
    assert not orphans.remove(area, name)
    assert files.exists(name)


def test_nothing_is_checked_or_removed_without_the_marker(listed):
    root = Path(files.private_storage().path(""))
    (root / storage.MARKER).unlink()
    with pytest.raises(CommandError, match="Check that it is mounted"):
        call_command("stylesim_verify", repair=True, orphans=True)
    assert StoredDescriptor.objects.count() == 12
    call_command("stylesim_verify", adopt=True)


# The slow pass


def test_a_pass_checks_everything_in_steps_and_records_what_it_found(listed, monkeypatch):
    monkeypatch.setattr(verification, "STEP_ROWS", 7)
    damage(descriptor_of(listed["disc-b"]).file_name, flip(0.5))
    old = files.write("descriptors", "bin", b"old")
    age(files.private_storage(), old)
    assert verification.continue_pass() == 1
    steps = [verification.continue_pass() for _ in range(3)]
    # A pass takes a week, so that nothing is due again at once.
    assert sum(steps) == 0
    StorageState.objects.update(pass_began_at=timezone.now() - timedelta(days=6.9))
    steps = []
    while (done := verification.continue_pass()) or not steps:
        steps.append(done)
        assert len(steps) < 50
    assert max(steps) <= 7
    row = StorageState.objects.get()
    assert row.pass_ended_at is not None
    finding = StorageFinding.objects.get(place="descriptors")
    assert finding.kind == "damaged"
    assert not files.exists(old)
    # It only records: the row is still there.
    assert StoredDescriptor.objects.count() == 12


def test_a_finding_that_is_no_longer_true_goes_with_the_next_pass(listed):
    StorageFinding.objects.create(
        place="descriptors", name="gone", kind="missing", found_at=timezone.now()
    )
    StorageState.objects.update(pass_began_at=timezone.now() - timedelta(days=8))
    verification.continue_pass()
    StorageState.objects.update(
        pass_began_at=timezone.now() + timedelta(seconds=1) - timedelta(days=7)
    )
    StorageFinding.objects.update(found_at=timezone.now() - timedelta(days=8))
    while verification.continue_pass():
        pass
    assert not StorageFinding.objects.exists()


def test_the_pass_waits_while_the_storage_is_missing(listed):
    root = Path(files.private_storage().path(""))
    root.rename(root.with_name("away"))
    assert verification.continue_pass() == 0
    assert not StorageFinding.objects.exists()
