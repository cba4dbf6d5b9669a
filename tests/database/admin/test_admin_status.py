"""The page on the state of the index, and its buttons."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ

from stylesim_app import files, tasks
from stylesim_app.core.descriptors import Provenance
from stylesim_app.index import storage
from stylesim_app.models import IndexEntry, StorageFinding, StoredDescriptor, WorkerSign
from stylesim_app.work import pause, signs
from tests.admin_pages import LIST, fail, messages_of

STATUS = "/admin/stylesim_app/indexingpause/"
State = WorkerSign.State


@pytest.fixture
def viewer(client, django_user_model, db):
    """A member of staff who may look at the index, and change nothing."""
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    for name in ("view_indexentry", "view_artwork"):
        user.user_permissions.add(Permission.objects.get(codename=name))
    client.force_login(user)
    return client


def confirm(client, action, **fields):
    return client.post(f"{STATUS}{action}/", {"confirmed": "yes", **fields}, follow=True)


def test_the_page_shows_works_failures_and_workers(staff_client, collection):
    fail(collection["disc-b"])
    waiting = IndexEntry.objects.get(artwork=collection["disc-a"])
    IndexEntry.objects.filter(pk=waiting.pk).update(
        state="pending", requested_at=timezone.now() - timedelta(hours=2)
    )
    signs.note_provenance(Provenance("other", "0123456789abcdef", "float32"))
    signs.sign_of_life()
    WorkerSign.objects.create(
        host="gone", pid=77, state=State.IDLE, seen_at=timezone.now() - timedelta(minutes=10)
    )
    WorkerSign.objects.create(host="done", state=State.ENDED, seen_at=timezone.now())
    page = staff_client.get(STATUS)
    html = page.content.decode()
    assert "2\xa0hours" in html
    assert "Technical detail: cut short" in html
    assert "0123456789ab" in html
    assert {row.state for row in page.context["workers"]} == {"ended", "silent", "busy"}
    seen = {row.sign.host: row.seen for row in page.context["workers"]}
    assert (seen["done"], seen["gone"]) == ("just now", "10\xa0minutes ago")
    assert [(row.code, row.count) for row in page.context["failures"]] == [
        (IndexEntry.objects.get(artwork=collection["disc-b"]).error_code, 1)
    ]
    assert STATUS in staff_client.get("/admin/").content.decode()


def test_the_page_of_an_empty_site(staff_client, db):
    html = staff_client.get(STATUS).content.decode()
    assert "no work is waiting" in html
    assert "No work has failed." in html
    assert "No worker was seen in the last hour." in html


def test_the_page_is_read_in_few_queries(staff_client, collection, django_assert_max_num_queries):
    for work in list(collection.values())[:6]:
        fail(work)
    with django_assert_max_num_queries(18):
        staff_client.get(STATUS)


def test_hidden_works_are_not_counted(staff_client, collection, settings):
    fail(collection["disc-b"])
    settings.STYLESIM_VISIBLE_ARTWORKS = "tests.database.admin.test_admin.hide_b"
    page = staff_client.get(STATUS)
    assert page.context["figures"].entries["failed"] == 0
    assert page.context["failures"] == []
    confirm(staff_client, "retry", code=IndexEntry.objects.get(state="failed").error_code)
    assert IndexEntry.objects.filter(state="failed").exists()


def test_indexing_is_paused_and_resumed(staff_client, staff, make_artwork):
    make_artwork()
    assert "Pause indexing?" in staff_client.post(f"{STATUS}pause/").content.decode()
    assert not pause.is_paused()
    response = confirm(staff_client, "pause")
    assert response.redirect_chain[-1][0] == STATUS
    assert messages_of(response) == ["Indexing is paused."]
    assert pause.current().by == staff.get_username()
    html = response.content.decode()
    assert f"paused by {staff.get_username()}" in html
    assert f'action="{STATUS}resume/"' in html
    assert "Indexing is paused." in staff_client.get(LIST).content.decode()
    assert "Resume indexing?" in staff_client.post(f"{STATUS}resume/").content.decode()
    OrmQ.objects.all().delete()
    assert messages_of(confirm(staff_client, "resume")) == ["Indexing has resumed."]
    assert not pause.is_paused()
    assert OrmQ.objects.count() == 1


def test_a_pause_is_shown_on_pages_to_staff(staff_client, client, collection, make_artwork):
    waiting = make_artwork("disc-a", title="new")
    signs.sign_of_life()
    pause.begin("someone")
    addresses = ("/", f"/artworks/{waiting.pk}/")
    for address in addresses:
        assert "Indexing is paused." in staff_client.get(address).content.decode()
    client.logout()
    for address in addresses:
        assert "Indexing is paused." not in client.get(address).content.decode()


def test_commands_obey_the_pause(make_artwork, capsys):
    make_artwork()
    pause.begin("someone")
    with pytest.raises(CommandError, match="Indexing is paused"):
        call_command("stylesim_index")
    assert IndexEntry.objects.get().attempts == 0
    call_command("stylesim_status")
    assert "Indexing is paused" in capsys.readouterr().out


def test_works_that_failed_for_one_reason_are_tried_again(
    staff_client, collection, django_capture_on_commit_callbacks
):
    fail(collection["disc-b"])
    fail(collection["disc-c"])
    other = IndexEntry.objects.get(artwork=collection["disc-c"])
    IndexEntry.objects.filter(pk=other.pk).update(
        error_code="file_missing", error_params={"name": "x.png"}
    )
    code = IndexEntry.objects.get(artwork=collection["disc-b"]).error_code
    OrmQ.objects.all().delete()
    asked = staff_client.post(f"{STATUS}retry/", {"code": code}).content.decode()
    assert "Index 1 failed work again?" in asked
    assert f'name="code" value="{code}"' in asked
    with django_capture_on_commit_callbacks(execute=True):
        response = confirm(staff_client, "retry", code=code)
    assert messages_of(response) == ["1 work will be indexed again."]
    assert IndexEntry.objects.get(artwork=collection["disc-b"]).state == "pending"
    assert IndexEntry.objects.get(artwork=collection["disc-c"]).state == "failed"
    assert OrmQ.objects.count() == 1


def test_stored_files_are_checked_on_request(staff_client, collection):
    assert "Check stored files" in staff_client.get(STATUS).content.decode()
    response = confirm(staff_client, "verify")
    assert messages_of(response) == ["A worker will check all stored files."]
    assert OrmQ.objects.get().func() == "stylesim_app.tasks.verify"
    stored = StoredDescriptor.objects.first()
    files.private_storage().delete(stored.file_name)
    tasks.verify()
    assert StorageFinding.objects.get(name=stored.file_name).kind == StorageFinding.Kind.MISSING


def test_a_long_check_goes_on_in_another_task(collection, settings):
    settings.STYLESIM_TASK_SECONDS = 1e-9
    tasks.verify()
    assert OrmQ.objects.get().args() == (True,)
    settings.STYLESIM_TASK_SECONDS = 60
    tasks.verify(True)
    assert OrmQ.objects.count() == 1
    assert storage.state().stage == "done"


@pytest.mark.parametrize("action", ["pause", "resume", "retry", "verify"])
def test_looking_at_the_index_gives_no_right_to_change_it(viewer, action):
    page = viewer.get(STATUS)
    assert page.status_code == 200
    assert "<form" not in page.content.decode().split('id="content"')[1]
    assert confirm(viewer, action).status_code == 403
    assert not pause.is_paused()


def test_buttons_are_sent_by_post_with_a_token(staff_client, staff):
    assert staff_client.get(f"{STATUS}pause/", {"confirmed": "yes"}).status_code == 302
    assert staff_client.post(f"{STATUS}unknown/").status_code == 404
    strict = type(staff_client)(enforce_csrf_checks=True)
    strict.force_login(staff)
    assert strict.post(f"{STATUS}pause/", {"confirmed": "yes"}).status_code == 403
    assert not pause.is_paused()


def test_others_do_not_see_the_page(client, django_user_model, db):
    assert client.get(STATUS).status_code == 302
    client.force_login(django_user_model.objects.create_user("guest", is_staff=True))
    assert client.get(STATUS).status_code == 403
    assert client.post(f"{STATUS}pause/", {"confirmed": "yes"}).status_code == 403
