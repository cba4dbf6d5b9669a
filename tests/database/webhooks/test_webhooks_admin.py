"""Webhooks in the admin: secrets are shown once, and the log can send again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stylesim_app.webhooks import delivering, outbox
from stylesim_app.webhooks.models import Delivery, Endpoint, Event
from tests.database.webhooks.test_deliveries import let_pass

LIST = "/admin/stylesim_webhooks/endpoint/"
LOG = "/admin/stylesim_webhooks/delivery/"
SENT = {"name": "Catalogue", "events": ["artwork.indexed"], "enabled": "on"}


@pytest.fixture
def admin(admin_client, receiver):
    """An administrator, while private addresses are allowed."""
    return admin_client


def secrets_in(response):
    return re.findall(r"whsec_[\w-]{43}", response.content.decode())


def change(endpoint):
    return reverse("admin:stylesim_webhooks_endpoint_change", args=[endpoint.pk])


def act(client, address, action, *rows):
    sent = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(address, sent, follow=True)


def test_a_webhook_is_added_and_its_secret_shown_once(admin, admin_user, receiver):
    assert admin.get(f"{LIST}add/").status_code == 200
    made = admin.post(f"{LIST}add/", {**SENT, "url": receiver.address})
    endpoint = Endpoint.objects.get()
    assert (endpoint.owner, endpoint.events) == (admin_user, ["artwork.indexed"])
    assert secrets_in(made) == [endpoint.secret]
    assert "no-store" in made["Cache-Control"]
    for address in (LIST, change(endpoint), f"{change(endpoint)[:-7]}history/"):
        page = admin.get(address)
        assert page.status_code == 200
        assert secrets_in(page) == []


def test_a_new_secret_is_asked_for_and_shown_once(admin, make_endpoint):
    endpoint = make_endpoint()
    address = reverse("admin:stylesim_webhooks_endpoint_secret", args=[endpoint.pk])
    assert address in admin.get(change(endpoint)).content.decode()
    assert secrets_in(admin.get(address)) == []
    shown = admin.post(address)
    before, endpoint = endpoint.secret, Endpoint.objects.get()
    assert secrets_in(shown) == [endpoint.secret]
    assert endpoint.secrets() == [endpoint.secret, before]
    gone = reverse("admin:stylesim_webhooks_endpoint_secret", args=[endpoint.pk + 1])
    assert admin.get(gone).status_code == 404


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"url": "ftp://a.org/"}, "begins with https://"),
        ({"url": "http://10.0.0.1/"}, "private network"),
        ({"url": "https://a.org/", "events": []}, "This field is required"),
    ],
)
def test_what_is_wrong_with_a_webhook_is_said(admin_client, changes, reason):
    page = admin_client.post(f"{LIST}add/", {**SENT, **changes})
    assert reason in page.content.decode()
    assert not Endpoint.objects.exists()


def test_who_changes_a_webhook_answers_for_what_it_tells(client, make_endpoint, staff, receiver):
    endpoint = make_endpoint()
    other = type(staff).objects.create_user("other", is_staff=True)
    rights = Permission.objects.filter(content_type__app_label="stylesim_webhooks")
    client.force_login(other)
    assert client.get(LIST).status_code == 403
    other.user_permissions.set(rights)
    sent = {**SENT, "url": f"{receiver.address}&else=1"}
    assert client.post(change(endpoint), sent).status_code == 302
    endpoint.refresh_from_db()
    assert endpoint.owner == other
    # The log names works that this person may not see, where there are any.
    outbox.enter(Event.TEST, [endpoint])
    assert client.get(LOG).status_code == 200


def test_the_log_is_for_those_who_may_see_all_works(client, make_endpoint, staff, make_artwork):
    make_artwork(is_public=False)
    outbox.enter(Event.TEST, [make_endpoint()])
    other = type(staff).objects.create_user("other", is_staff=True)
    other.user_permissions.set(
        Permission.objects.filter(content_type__app_label="stylesim_webhooks")
    )
    client.force_login(other)
    assert client.get(LOG).status_code == 403
    staff.user_permissions.add(*other.user_permissions.all())
    client.force_login(staff)
    assert client.get(LOG).status_code == 200


def test_a_test_event_is_sent(admin, make_endpoint, receiver):
    endpoint = make_endpoint(paused_until=timezone.now() + timedelta(hours=1))
    page = act(admin, LIST, "send_test", endpoint, make_endpoint(enabled=False))
    assert "send a test event to 1 webhook." in page.content.decode()
    delivering.deliver(10)
    assert receiver.events == ["webhook.test"]


def test_a_delivery_is_shown_with_its_problem_and_sent_again(admin, make_endpoint, receiver):
    receiver.status = 500
    outbox.enter(Event.TEST, [make_endpoint()])
    delivering.deliver(10)
    page = admin.get(LOG).content.decode()
    assert "The receiver answered with an error." in page
    assert "500" in page
    assert admin.get(f"{LOG}{Delivery.objects.get().pk}/change/").status_code == 200
    Delivery.objects.update(state=Delivery.State.FAILED, attempts=8)
    receiver.status = 200
    let_pass(minutes=2)
    said = act(admin, LOG, "send_again", Delivery.objects.get())
    assert "1 event will be sent again." in said.content.decode()
    delivering.deliver(10)
    assert Delivery.objects.get().state == Delivery.State.DELIVERED


def test_the_log_shows_titles_at_the_same_cost_for_any_number(admin, make_endpoint, make_artwork):
    endpoint = make_endpoint()
    kept, deleted = (make_artwork(name, title=f"Title of {name}") for name in ("disc-a", "disc-b"))
    outbox.enter(Event.INDEXED, [endpoint], str(kept.pk))
    admin.get(LOG)
    with CaptureQueriesContext(connection) as before:
        admin.get(LOG)
    for key in (str(kept.pk), str(deleted.pk), "no key", ""):
        outbox.enter(Event.INDEXED, [endpoint], key)
    shown = f"({deleted.pk})"
    deleted.delete()
    with CaptureQueriesContext(connection) as after:
        page = admin.get(LOG).content.decode()
    assert len(after) == len(before)
    assert page.count("Title of disc-a") == 2
    assert "disc-b" not in page
    assert shown in page
    assert "(no key)" in page
    delivery = Delivery.objects.filter(artwork_key=str(kept.pk))[0]
    assert "Title of disc-a" in admin.get(f"{LOG}{delivery.pk}/change/").content.decode()


def test_a_webhook_that_was_disabled_is_said_and_enabled_again(admin, make_endpoint, receiver):
    status, trouble = "/admin/stylesim_app/indexingpause/", "This webhook "
    endpoint = make_endpoint()
    assert trouble not in admin.get(status).content.decode()
    receiver.status = 500
    outbox.enter(Event.TEST, [endpoint])
    delivering.deliver(10)
    assert "This webhook has been failing since" in admin.get(status).content.decode()
    let_pass(days=4)
    delivering.deliver(10)
    page = admin.get(status).content.decode()
    assert "because it had failed for days" in page
    assert "1 event is waiting." in page
    assert "disabled after failing for days" in admin.get(LIST).content.decode()
    admin.post(change(endpoint), {**SENT, "url": receiver.address})
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.disabled_at, endpoint.failing_since) == (True, None, None)
    assert Delivery.objects.get().due_at <= timezone.now()
    assert trouble not in admin.get(status).content.decode()
    # Disabled by a person, it needs nobody's attention.
    admin.post(
        change(endpoint),
        {"name": "Catalogue", "events": ["artwork.failed"], "url": "https://a.org/"},
    )
    endpoint.refresh_from_db()
    assert not endpoint.enabled
    assert trouble not in admin.get(status).content.decode()


def test_a_webhook_is_deleted_with_its_log(admin, make_endpoint):
    endpoint = make_endpoint()
    outbox.enter(Event.TEST, [endpoint])
    address = f"{LIST}{endpoint.pk}/delete/"
    assert "Are you sure" in admin.get(address).content.decode()
    admin.post(address, {"post": "yes"})
    assert (Endpoint.objects.count(), Delivery.objects.count()) == (0, 0)


def test_its_tables_come_and_go(transactional_db):
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
    call_command("migrate", "stylesim_webhooks", "zero", verbosity=0)
    call_command("migrate", verbosity=0)
    assert Endpoint.objects.count() == 0
