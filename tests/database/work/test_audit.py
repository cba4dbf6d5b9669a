"""The audit trail: who changed which artwork, and where."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.apps import apps
from django.core.checks import run_checks
from django.core.management import call_command
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from project.access.tokens import make_token
from stylesim_app import tasks
from stylesim_app.api.permissions import READ, WRITE
from stylesim_app.models import Artwork, IndexEntry
from stylesim_app.work import audit, trash, worklist
from tests.admin_pages import LIST
from tests.pages import upload_of

API = "/api/artworks/"


@pytest.fixture
def trail():
    """The entries, the earliest first: action, person, place, and what else is known."""

    def read() -> list[tuple[str, str | None, dict]]:
        return [
            (
                entry.get_action_display(),
                entry.actor and entry.actor.get_username(),
                entry.additional_data,
            )
            for entry in LogEntry.objects.order_by("pk")
        ]

    return read


@pytest.fixture
def artwork(make_artwork):
    """A saved artwork, whose creation is not looked at."""
    made = make_artwork()
    LogEntry.objects.all().delete()
    return made


@pytest.fixture
def token_client(staff):
    """A client whose account is known only to the views of the API."""
    client = APIClient()
    _token, text = make_token(staff, "catalogue", (READ, WRITE), timedelta(days=1))
    client.credentials(HTTP_AUTHORIZATION=f"Token {text}")
    return client


def test_an_upload_on_the_page(staff_client, trail):
    staff_client.post(reverse("stylesim:upload"), {"title": "t", "image": upload_of()})
    assert trail() == [("create", "staff", {"via": "page"})]
    assert not any(name.startswith("stylesim") for name in LogEntry.objects.get().changes)


def test_changes_by_the_api_name_the_owner_of_the_token(token_client, artwork, trail, settings):
    settings.STYLESIM_TRASH_DAYS = 0
    body = encode_multipart(BOUNDARY, {"image": upload_of("disc-b"), "is_public": "false"})
    token_client.patch(f"{API}{artwork.pk}/", body, content_type=MULTIPART_CONTENT)
    token_client.delete(f"{API}{artwork.pk}/")
    place = {"via": "api"}
    assert trail() == [("update", "staff", place), ("delete", "staff", place)]
    changes = LogEntry.objects.order_by("pk")[0].changes
    assert changes["is_public"] == ["True", "False"]
    assert changes["image"][0] == artwork.image.name
    assert "modified" not in changes


def test_changes_in_the_admin(staff_client, artwork, trail, settings):
    settings.STYLESIM_TRASH_DAYS = 0
    staff_client.post(f"{LIST}{artwork.pk}/change/", {"title": "renamed", "extra": "{}"})
    data = {"action": "delete_selected", "_selected_action": [artwork.pk], "post": "yes"}
    staff_client.post(LIST, data)
    place = {"via": "admin"}
    assert trail() == [("update", "staff", place), ("delete", "staff", place)]


@pytest.mark.parametrize(("action", "before"), [("make_public", False), ("make_private", True)])
def test_works_that_the_admin_shows_or_hides(staff_client, make_artwork, trail, action, before):
    works = [make_artwork("disc-a", is_public=before), make_artwork("bars-a", is_public=not before)]
    LogEntry.objects.all().delete()
    data = {"action": action, "_selected_action": [work.pk for work in works]}
    staff_client.post(LIST, data)
    # The second is as wanted already.
    assert trail() == [("update", "staff", {"via": "admin"})]
    entry = LogEntry.objects.get()
    assert entry.object_pk == str(works[0].pk)
    assert entry.changes == {"is_public": [str(before), str(not before)]}
    assert {work.is_public for work in Artwork.objects.all()} == {not before}


def test_requests_to_index_again(staff_client, token_client, artwork, trail):
    worklist.reconcile()
    staff_client.post(reverse("stylesim:index-again", args=[artwork.pk]))
    staff_client.post(LIST, {"action": "index_again", "_selected_action": [artwork.pk]})
    entries = reverse("admin:stylesim_app_indexentry_changelist")
    chosen = [IndexEntry.objects.get().pk]
    staff_client.post(entries, {"action": "index_again", "_selected_action": chosen})
    body = json.dumps({"artworks": [artwork.pk]})
    token_client.post("/api/index/", body, content_type="application/json")
    IndexEntry.objects.update(state="failed", error_code="file_missing")
    retry = "/admin/stylesim_app/indexingpause/retry/"
    staff_client.post(retry, {"code": "file_missing", "confirmed": "yes"})
    assert trail() == [
        ("update", "staff", {"event": audit.ASKED_AGAIN, "via": place})
        for place in ("page", "admin", "admin", "api", "admin")
    ]


def test_a_command_is_named(artwork, trail, monkeypatch, run_worker):
    worklist.reconcile()
    monkeypatch.setattr(sys, "argv", ["/srv/site/manage.py", "stylesim_index", "--all"])
    call_command("stylesim_index", "--all", "--queue")
    place = {"via": "command", "command": "stylesim_index"}
    assert trail() == [("update", None, {"event": audit.ASKED_AGAIN, **place})]
    monkeypatch.setattr(sys, "argv", ["/usr/bin/cron-job"])
    artwork.delete()
    assert trail()[-1] == ("delete", None, {"via": "command", "command": "cron-job"})


def test_workers_leave_no_entries(artwork, trail, run_worker):
    run_worker()
    assert trail() == []


def test_a_request_for_very_many_works_is_one_entry(make_artwork, trail, monkeypatch):
    monkeypatch.setattr(audit, "MANY", 1)
    for name in ("disc-a", "disc-b"):
        make_artwork(name)
    worklist.reconcile()
    LogEntry.objects.all().delete()
    audit.record_asked_again(IndexEntry.objects.all())
    assert [entry.object_repr for entry in LogEntry.objects.all()] == ["2 artworks"]


def test_entries_are_deleted_after_their_time(artwork, settings):
    artwork.delete()
    for days, kept in ((729, 1), (731, 0)):
        LogEntry.objects.update(timestamp=timezone.now() - timedelta(days=days))
        tasks.ring_again()
        assert LogEntry.objects.count() == kept


def test_zero_days_keep_entries_for_good(artwork, settings):
    settings.STYLESIM_AUDIT_DAYS = 0
    artwork.delete()
    LogEntry.objects.update(timestamp=timezone.now() - timedelta(days=9999))
    audit.purge()
    assert LogEntry.objects.exists()


def test_the_trail_of_a_host_is_never_shortened(artwork, monkeypatch):
    monkeypatch.setattr(audit, "_registered", set())
    artwork.delete()
    LogEntry.objects.update(timestamp=timezone.now() - timedelta(days=9999))
    audit.purge()
    assert LogEntry.objects.exists()


def test_the_record_shows_its_history_to_those_who_may_view_it(
    staff_client, staff, artwork, django_user_model
):
    staff_client.post(f"{LIST}{artwork.pk}/change/", {"title": "renamed", "extra": "{}"})
    staff_client.post(LIST, {"action": "make_public", "_selected_action": [artwork.pk]})
    works = Artwork._base_manager.filter(pk=artwork.pk)
    trash.move(works)
    trash.restore(works)
    worklist.reconcile()
    staff_client.post(reverse("stylesim:index-again", args=[artwork.pk]))
    record = f"{LIST}{artwork.pk}/change/"
    assert "History</h2>" not in staff_client.get(record).content.decode()

    client = staff_client
    client.force_login(django_user_model.objects.create_superuser("root"))
    text = client.get(record).content.decode()
    rows = text.partition("stylesim-history")[2].partition("</table>")[0]
    assert "asked to index again" in rows
    assert "made public" in rows
    assert "hidden from the public; changed: " in rows
    assert "Title" in rows
    assert rows.index("restored from the trash") < rows.index("put in the trash")
    assert "staff" in rows
    assert "in the admin" in rows
    assert "on the site" in rows


def test_the_list_shows_the_place_and_leaves_out_works_that_are_not_visible(
    client, django_user_model, artwork, make_artwork, settings
):
    artwork.delete()
    make_artwork("bars-a", is_public=False)
    client.force_login(django_user_model.objects.create_superuser("root"))
    address = "/admin/auditlog/logentry/"
    text = client.get(address).content.decode()
    assert "by the command" in text
    assert "bars-a" in text
    assert client.get(f"{address}{LogEntry.objects.first().pk}/change/").status_code == 200
    settings.STYLESIM_VISIBLE_ARTWORKS = lambda _request: Artwork.objects.filter(is_public=True)
    assert "bars-a" not in client.get(address).content.decode()


def test_a_host_without_the_package_has_no_trail(artwork, monkeypatch, staff_client):
    installed = apps.is_installed
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "auditlog" and installed(name))
    audit.connect()
    audit.purge()
    worklist.reconcile()
    audit.record_asked_again(IndexEntry.objects.all())
    assert audit.record_update(Artwork.objects.all(), is_public=False) == 1
    assert "History</h2>" not in staff_client.get(f"{LIST}{artwork.pk}/change/").content.decode()
    assert not LogEntry.objects.exists()


def test_a_missing_middleware_is_reported(settings, db):
    assert run_checks() == []
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "audit" not in name]
    assert [found.id for found in run_checks()] == ["stylesim_app.W010"]
