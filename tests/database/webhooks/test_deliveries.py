"""Deliveries: signed, retried for a day, given up, sent again, and never lost."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone

from stylesim_app.webhooks import delivering, outbox
from stylesim_app.webhooks.models import Delivery, Endpoint, Event
from stylesim_app.webhooks.signing import sign

DOCS = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "webhooks.md"
State, Problem = Delivery.State, Delivery.Problem


@pytest.fixture
def endpoint(make_endpoint):
    return make_endpoint()


@pytest.fixture
def delivery(endpoint):
    outbox.enter(Event.TEST, [endpoint])
    return Delivery.objects.get()


@pytest.fixture
def verify():
    """The function that the documentation gives to receivers."""
    [example] = re.findall(r"```python\n(import hashlib.*?)```", DOCS.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(example, names)
    return names["verify"]


def let_pass(**time_passed):
    """Move all that waits into the past, as if that time had passed."""
    passed = timedelta(**time_passed)
    Delivery.objects.update(due_at=F("due_at") - passed)
    for row in Endpoint.objects.all():
        for name in ("paused_until", "failing_since", "previous_until"):
            if getattr(row, name) is not None:
                setattr(row, name, getattr(row, name) - passed)
        row.save()


def test_the_example_of_the_documentation_verifies_what_arrives(receiver, delivery, verify):
    delivering.deliver(10)
    [(headers, body)] = receiver.got
    secret = delivery.endpoint.secret
    header = headers["Stylesim-Signature"]
    assert verify(body, header, secret)
    assert not verify(body + b" ", header, secret)
    assert not verify(body, header, "whsec_else")
    assert not verify(body, "", secret)
    assert not verify(body, "t=nonsense,v1=", secret)
    # An old request that somebody repeats.
    old = sign(body, int(time.time()) - 3600, [secret])
    assert not verify(body, old, secret)


def test_a_new_secret_and_the_previous_one_both_verify_for_a_day(
    receiver, delivery, verify, endpoint
):
    before = endpoint.secret
    endpoint.rotate_secret()
    assert endpoint.secret != before
    delivering.deliver(10)
    [(headers, body)] = receiver.got
    header = headers["Stylesim-Signature"]
    assert verify(body, header, before)
    assert verify(body, header, endpoint.secret)
    let_pass(hours=25)
    assert Endpoint.objects.get().secrets() == [endpoint.secret]


def test_a_failed_delivery_is_tried_eight_times_over_a_day(receiver, delivery):
    receiver.status = 500
    delays = []
    for number in range(1, 9):
        assert delivering.deliver(10) == 1
        # Not before its time.
        assert delivering.deliver(10) == 0
        delivery.refresh_from_db()
        assert (delivery.attempts, delivery.response_code) == (number, 500)
        if number < 8:
            assert (delivery.state, delivery.problem) == (State.PENDING, Problem.STATUS)
            delays.append(delivery.due_at - timezone.now())
            let_pass(hours=10)
    assert delivery.state == State.FAILED
    assert delivery.finished_at is not None
    assert delays == sorted(delays)
    assert timedelta(hours=22) < sum(delays, timedelta()) < timedelta(hours=27)
    assert len(receiver.got) == 8
    assert len({headers["Stylesim-Event-Id"] for headers, _ in receiver.got}) == 1
    let_pass(days=2)
    assert delivering.deliver(10) == 0


def test_success_after_failure_ends_the_trouble(receiver, delivery):
    receiver.status = 503
    delivering.deliver(10)
    assert Endpoint.objects.get().failing_since is not None
    receiver.status = 204
    let_pass(minutes=2)
    delivering.deliver(10)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.problem, delivery.response_code) == (State.DELIVERED, "", 204)
    assert Endpoint.objects.get().failing_since is None


def test_a_receiver_may_ask_for_more_time(receiver, delivery):
    receiver.status, receiver.headers = 429, {"Retry-After": "3600"}
    delivering.deliver(10)
    delivery.refresh_from_db()
    wait = delivery.due_at - timezone.now()
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


def test_redirects_are_not_followed(receiver, delivery):
    receiver.status, receiver.headers = 302, {"Location": receiver.address}
    delivering.deliver(10)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.problem) == (State.PENDING, Problem.REDIRECT)
    assert len(receiver.got) == 1


def test_a_failing_endpoint_is_asked_once_a_minute_and_holds_up_no_other(
    receiver, make_endpoint, endpoint
):
    broken = make_endpoint(name="Broken", url="http://127.0.0.1:1/")
    for _ in range(3):
        outbox.enter(Event.TEST, [broken, endpoint])
    assert delivering.deliver(10) == 4
    assert len(receiver.got) == 3
    waiting = Delivery.objects.filter(endpoint=broken)
    assert sorted(waiting.values_list("attempts", flat=True)) == [0, 0, 1]
    assert set(waiting.exclude(attempts=0).values_list("problem", flat=True)) == {"unreachable"}


def test_an_endpoint_that_fails_for_days_is_disabled_and_what_waits_is_kept(
    receiver, endpoint, delivery
):
    receiver.status = 500
    delivering.deliver(10)
    let_pass(days=4)
    delivering.deliver(10)
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_at is not None) == (False, True)
    let_pass(days=1)
    assert delivering.deliver(10) == 0
    receiver.status = 200
    delivering.enable(endpoint)
    assert delivering.deliver(10) == 1
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED


def test_what_a_killed_worker_held_is_sent_by_another(receiver, delivery):
    held = delivering.claim()
    assert held is not None
    assert delivering.deliver(10) == 0
    let_pass(minutes=3)
    assert delivering.deliver(10) == 1
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == (State.DELIVERED, 2)
    # The first worker was only slow; what it writes no longer counts.
    assert not held.finish(State.FAILED)
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED


def test_a_delivery_that_stops_its_worker_each_time_is_given_up(receiver, delivery):
    for _ in range(8):
        assert delivering.claim() is not None
        let_pass(minutes=3)
    assert delivering.claim() is None
    delivery.refresh_from_db()
    assert (delivery.state, delivery.problem) == (State.FAILED, Problem.STOPPED)


def test_old_deliveries_are_deleted(receiver, delivery, settings):
    Delivery.objects.update(created=timezone.now() - timedelta(days=40))
    settings.STYLESIM_WEBHOOK_DAYS = 0
    delivering.purge()
    assert Delivery.objects.count() == 1
    settings.STYLESIM_WEBHOOK_DAYS = 41
    delivering.purge()
    assert Delivery.objects.count() == 1
    settings.STYLESIM_WEBHOOK_DAYS = 30
    delivering.purge()
    assert Delivery.objects.count() == 0
