"""The events: what a worker does is a row at once, and a request to the receiver after its turn."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction
from django.utils import timezone

from stylesim_app.models import IndexEntry, PictureMatch, StoredFeatures, WorkItem
from stylesim_app.webhooks.models import Delivery, Endpoint, Event
from stylesim_app.work import worklist
from tests import same_pictures
from tests.unit.same_picture.drawn import draw

State = Delivery.State


def sent(receiver, event):
    bodies = [json.loads(body) for _, body in receiver.got]
    return [body for body in bodies if body["type"] == event]


def test_an_artwork_that_is_indexed_is_told(
    receiver, make_endpoint, make_artwork, run_worker, settings
):
    settings.STYLESIM_SITE_URL = "https://works.example.org"
    make_endpoint()
    work = make_artwork(title="Irises", accession_number="1999.4")
    run_worker()
    [told] = sent(receiver, "artwork.indexed")
    assert told["data"]["artwork"] == {
        "id": work.pk,
        "title": "Irises",
        "accession_number": "1999.4",
        "url": f"https://works.example.org/artworks/{work.pk}/",
        "api_url": f"https://works.example.org/api/artworks/{work.pk}/",
    }
    delivery = Delivery.objects.get()
    assert told["id"] == str(delivery.event_id)
    assert (delivery.state, delivery.attempts, delivery.response_code) == ("delivered", 1, 200)
    assert Endpoint.objects.get().last_success is not None
    headers, _ = receiver.got[0]
    assert headers["Content-Type"] == "application/json"
    assert headers["Stylesim-Event-Id"] == told["id"]
    run_worker()
    assert len(receiver.got) == 1


def test_an_artwork_has_the_same_values_as_in_the_api(
    receiver, make_endpoint, make_artwork, run_worker, client
):
    make_endpoint()
    work = make_artwork(accession_number="")
    run_worker()
    [told] = sent(receiver, "artwork.indexed")
    answer = client.get(f"/api/artworks/{work.pk}/").json()
    for name in ("id", "title", "accession_number"):
        assert told["data"]["artwork"][name] == answer[name]


def test_an_artwork_that_fails_is_told_with_the_reason(
    receiver, make_endpoint, make_artwork, run_worker
):
    make_endpoint(events=["artwork.failed"])
    work = make_artwork()
    work.image.save("broken.png", ContentFile(b"no image"))
    run_worker()
    [told] = sent(receiver, "artwork.failed")
    assert told["data"]["artwork"]["id"] == work.pk
    assert told["data"]["code"] == IndexEntry.objects.get().error_code
    assert told["data"]["reason"] == IndexEntry.objects.get().reason
    assert receiver.events == ["artwork.failed"]


def test_the_same_picture_is_told_once_for_each_pair(
    receiver, make_endpoint, run_worker, matched_works
):
    make_endpoint(events=["same_picture.found"])
    originals, copy = matched_works
    again = same_pictures.upload(draw(0), "again")
    run_worker()
    run_worker()
    [told] = sent(receiver, "same_picture.found")
    assert told["data"]["artwork"]["id"] == again.pk
    assert told["data"]["count"] == 2
    first, second = told["data"]["matches"]
    assert (first["artwork"]["id"], first["same_file"]) == (originals[0].pk, True)
    assert (second["artwork"]["id"], second["same_file"]) == (copy.pk, False)
    assert second["inliers"] >= 26
    pair = PictureMatch.objects.filter(query__entry__artwork=again)
    assert second["inliers"] in pair.values_list("inliers", flat=True)
    # Matched once more, the pairs are known.
    StoredFeatures.objects.filter(entry__artwork=again).update(matched_at=None)
    run_worker()
    assert len(sent(receiver, "same_picture.found")) == 1


def test_of_two_that_arrive_together_the_later_one_shows_the_same_picture(
    receiver, make_endpoint, run_worker
):
    make_endpoint(events=["same_picture.found"])
    first = same_pictures.upload(draw(0), "first")
    worklist.reconcile()
    second = same_pictures.upload(draw(0).resize((300, 225)), "second")
    run_worker()
    run_worker()
    [told] = sent(receiver, "same_picture.found")
    assert told["data"]["artwork"]["id"] == second.pk
    assert [each["artwork"]["id"] for each in told["data"]["matches"]] == [first.pk]


def test_an_endpoint_gets_the_events_that_it_asked_for(
    receiver, make_endpoint, make_artwork, run_worker
):
    make_endpoint(events=["artwork.failed"])
    make_endpoint(enabled=False)
    make_artwork()
    run_worker()
    assert Delivery.objects.count() == 0
    assert receiver.got == []


def test_all_endpoints_get_one_event_under_one_id(
    receiver, make_endpoint, make_artwork, run_worker
):
    make_endpoint()
    make_endpoint(name="Another")
    make_artwork()
    run_worker()
    assert len({body["id"] for body in sent(receiver, "artwork.indexed")}) == 1
    assert Delivery.objects.filter(state=State.DELIVERED).count() == 2


@pytest.mark.parametrize("owner", [None, "visitor", "closed"])
def test_an_owner_hears_of_what_the_owner_may_see(
    receiver, make_endpoint, make_artwork, run_worker, staff, django_user_model, owner
):
    if owner == "visitor":
        owner = django_user_model.objects.create_user("visitor")
    if owner == "closed":
        owner, staff.is_active = staff, False
        staff.save()
    make_endpoint(owner=owner)
    shown, hidden = make_artwork(), make_artwork("bars-b", is_public=False)
    run_worker()
    told = sent(receiver, "artwork.indexed")
    assert [each["data"]["artwork"]["id"] for each in told] == [shown.pk]
    skipped = Delivery.objects.get(artwork_key=str(hidden.pk))
    assert (skipped.state, skipped.problem) == ("skipped", "invisible")


def test_a_hidden_work_is_no_match_for_those_who_may_not_see_it(
    receiver, make_endpoint, run_worker, matched_works
):
    make_endpoint(events=["same_picture.found"], owner=None)
    originals, copy = matched_works
    type(copy).objects.update(is_public=True)
    type(copy).objects.filter(pk=copy.pk).update(is_public=False)
    again = same_pictures.upload(draw(0), "again")
    type(copy).objects.filter(pk=again.pk).update(is_public=True)
    run_worker()
    [told] = sent(receiver, "same_picture.found")
    assert [each["artwork"]["id"] for each in told["data"]["matches"]] == [originals[0].pk]
    assert told["data"]["count"] == 1


def test_a_work_that_was_deleted_meanwhile_is_not_told(
    receiver, make_endpoint, make_artwork, run_worker
):
    endpoint = make_endpoint(paused_until=timezone.now() + timedelta(hours=1))
    work = make_artwork()
    run_worker()
    work.delete()
    Endpoint.objects.filter(pk=endpoint.pk).update(paused_until=None)
    run_worker()
    assert receiver.got == []
    assert Delivery.objects.get().state == State.SKIPPED


@pytest.mark.django_db(transaction=True)
def test_an_event_is_as_sure_as_the_change_that_it_tells_of(make_endpoint, make_artwork):
    make_endpoint()
    work = make_artwork()
    entry, _ = IndexEntry.objects.get_or_create(artwork=work)
    with transaction.atomic():
        entry.announce_failure()
        assert Delivery.objects.count() == 1
        transaction.set_rollback(True)
    assert Delivery.objects.count() == 0


def test_a_fault_of_the_outbox_does_not_undo_the_indexing(
    make_endpoint, make_artwork, run_worker, monkeypatch, caplog
):
    make_endpoint()

    def fail(*_args, **_kwargs):
        raise DatabaseError("no table")

    monkeypatch.setattr("stylesim_app.webhooks.outbox.enter", fail)
    make_artwork()
    run_worker()
    assert IndexEntry.objects.get().state == WorkItem.State.INDEXED
    assert "could not be recorded" in caplog.text


def test_events_have_the_names_of_the_documentation():
    assert [event.value for event in Event] == [
        "artwork.indexed",
        "artwork.failed",
        "same_picture.found",
        "webhook.test",
    ]
