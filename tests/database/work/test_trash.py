"""The trash: deleted works are hidden everywhere, and can be restored for some days."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from stylesim_app import tasks
from stylesim_app.collection import thumbnails
from stylesim_app.importing.outcome import ImportedRow
from stylesim_app.importing.run import import_works
from stylesim_app.importing.sources import open_source
from stylesim_app.index import upkeep
from stylesim_app.models import Artwork, IndexEntry, RemovedPicture
from stylesim_app.work import audit, trash
from tests import pictures
from tests.admin_pages import LIST, messages_of
from tests.pages import page, titles, upload_of

TRASH = f"{LIST}trash/"


@pytest.fixture
def trashed(collection):
    """A work of the collection that is in the trash, with its lists of neighbours."""
    upkeep.maintain(60, idle=True)
    work = collection["disc-a"]
    trash.move(Artwork.objects.filter(pk=work.pk))
    return work


def everything(client, others):
    """The text that pages and the API show of the collection."""
    text = page(client, "gallery") + page(client, "artwork", others[0].pk, limit="50")
    text += client.get("/api/artworks/?page_size=50").content.decode()
    return text + client.get(f"/api/artworks/{others[0].pk}/similar/?limit=50").content.decode()


def test_a_work_in_the_trash_is_found_nowhere(staff_client, trashed, collection):
    others = [work for work in collection.values() if work != trashed]
    text = everything(staff_client, others)
    assert "disc-a" not in text
    assert f"/artworks/{trashed.pk}/" not in text
    assert len(set(titles(text))) == 11
    assert '"visible":11' in text
    assert "disc-a" not in staff_client.get(LIST).content.decode()
    for address in (
        reverse("stylesim:artwork", args=[trashed.pk]),
        reverse("stylesim:thumbnail", args=[trashed.pk, "small"]),
        f"/api/artworks/{trashed.pk}/",
        f"/media/{trashed.image.name}",
    ):
        assert staff_client.get(address).status_code == 404

    trash.restore(trash.works())
    assert "disc-a" in everything(staff_client, others)
    assert titles(page(staff_client, "artwork", trashed.pk))[0]
    assert IndexEntry.objects.get(artwork=trashed).state == "indexed"


@pytest.mark.parametrize("by", ["page", "action"])
def test_deletion_moves_a_work_to_the_trash(
    staff_client, collection, django_capture_on_commit_callbacks, by
):
    work = collection["disc-a"]
    with django_capture_on_commit_callbacks(execute=True):
        if by == "page":
            text = staff_client.get(f"{LIST}{work.pk}/delete/").content.decode()
            assert "can be restored for 30 days" in text
            staff_client.post(f"{LIST}{work.pk}/delete/", {"post": "yes"})
        else:
            chosen = {"action": "delete_selected", "_selected_action": [work.pk]}
            text = staff_client.post(LIST, chosen).content.decode()
            assert "can be restored for 30 days" in text
            staff_client.post(LIST, chosen | {"post": "yes"})
    assert not Artwork.objects.filter(pk=work.pk).exists()
    assert trash.works().get() == work
    assert work.image.storage.exists(work.image.name)
    assert not RemovedPicture.objects.exists()
    changes = audit.entries_of(work).first().changes
    assert changes["trashed_at"][0] == "None"
    [said] = messages_of(staff_client.get(LIST))
    assert said == (
        "Moved 1 work to the trash. Deleted works stay in the trash for 30 days. "
        f'<a href="{TRASH}">Open the trash</a>'
    )


def test_the_api_deletes_at_once(staff_client, collection, django_capture_on_commit_callbacks):
    work = collection["disc-a"]
    with django_capture_on_commit_callbacks(execute=True):
        assert staff_client.delete(f"/api/artworks/{work.pk}/").status_code == 204
    assert not trash.works().exists()
    assert not work.image.storage.exists(work.image.name)


def test_a_work_is_restored_or_deleted_for_good_in_the_admin(
    staff_client, trashed, django_capture_on_commit_callbacks
):
    assert f'href="{TRASH}"' in staff_client.get(LIST).content.decode()
    text = staff_client.get(TRASH).content.decode()
    assert "disc-a" in text
    thumbnails.make_thumbnails(trashed)
    picture = staff_client.get(f"{TRASH}{trashed.pk}/picture.jpg")
    assert picture["Content-Type"] == "image/jpeg"
    chosen = {"work": [str(trashed.pk)]}
    response = staff_client.post(TRASH, chosen | {"restore": "on"}, follow=True)
    assert "Restored 1 work." in messages_of(response)
    assert Artwork.objects.filter(pk=trashed.pk).exists()

    trash.move(Artwork.objects.filter(pk=trashed.pk))
    text = staff_client.post(TRASH, chosen | {"delete": "on"}).content.decode()
    assert "This cannot be undone." in text
    assert trash.works().exists()
    with django_capture_on_commit_callbacks(execute=True):
        response = staff_client.post(TRASH, chosen | {"confirmed": "yes"}, follow=True)
    assert "Deleted 1 work for good." in messages_of(response)
    assert not Artwork._base_manager.filter(pk=trashed.pk).exists()
    assert not IndexEntry.objects.filter(artwork_id=trashed.pk).exists()
    assert not trashed.image.storage.exists(trashed.image.name)
    assert "The trash is empty." in staff_client.get(TRASH).content.decode()


def test_only_those_who_may_delete_see_the_trash(client, trashed, django_user_model):
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))
    for address in (TRASH, f"{TRASH}{trashed.pk}/picture.jpg"):
        assert client.get(address).status_code == 403


def test_keys_that_are_no_numbers_are_no_works(staff_client, trashed):
    response = staff_client.post(TRASH, {"work": ["x", "9" * 40], "restore": "on"})
    assert trash.works().exists()
    assert "Choose at least one work." in messages_of(response)
    assert staff_client.get(f"{TRASH}x/picture.jpg").status_code == 404


def test_the_worker_empties_the_trash_after_its_days(
    trashed, settings, django_capture_on_commit_callbacks
):
    settings.STYLESIM_TRASH_DAYS = 3
    settings.STYLESIM_KEEP_REMOVED_DAYS = 100
    now = timezone.now()
    trash.works().update(trashed_at=now - timedelta(days=2))
    tasks.ring_again()
    assert trash.works().exists()
    trash.works().update(trashed_at=now - timedelta(days=4))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.ring_again()
    assert not Artwork._base_manager.filter(pk=trashed.pk).exists()
    # One time of grace is enough.
    assert not RemovedPicture.objects.exists()
    assert not trashed.image.storage.exists(trashed.image.name)


def test_without_days_there_is_no_trash(staff_client, collection, settings):
    settings.STYLESIM_TRASH_DAYS = 0
    work = collection["disc-a"]
    text = staff_client.get(f"{LIST}{work.pk}/delete/").content.decode()
    assert "can be restored" not in text
    staff_client.post(f"{LIST}{work.pk}/delete/", {"post": "yes"})
    assert not Artwork._base_manager.filter(pk=work.pk).exists()


def test_a_known_file_in_the_trash_is_said_to_be_there(staff_client, trashed, tmp_path):
    data = {"title": "again", "image": upload_of("disc-a")}
    text = html.unescape(staff_client.post("/upload/", data).content.decode())
    link = f'<a href="{TRASH}?work={trashed.pk}">disc-a</a>'
    assert f"This file is in the trash: {link}" in text
    data["image"] = upload_of("disc-a")
    answer = staff_client.post("/upload/", data, headers={"accept": "application/json"}).json()
    assert (answer["in_trash"], answer["address"]) == (True, f"{TRASH}?work={trashed.pk}")
    # The address shows this work alone.
    trash.move(Artwork.objects.filter(title="bars-a"))
    shown = staff_client.get(f"{TRASH}?work={trashed.pk}")
    assert [card["artwork"] for card in shown.context["cards"]] == [trashed]
    data["image"] = upload_of("disc-a")
    problem = staff_client.post("/api/artworks/", data).json()
    assert problem["detail"].startswith(f"Artwork {trashed.pk} in the trash has the same file.")
    data |= {"image": upload_of("disc-a"), "extra": "{}"}
    said = messages_of(staff_client.post(f"{LIST}add/", data, follow=True))
    assert f"This file is in the trash: {link}" in said
    Artwork.objects.filter(title="again").delete()
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "again.png").write_bytes(pictures.png("disc-a"))
    rows: list[ImportedRow] = []
    import_works(open_source(folder).rows(), update=True, on_row=rows.append)
    (row,) = rows
    assert (row.artwork, row.reason) == (trashed.pk, "This work is in the trash.")
    data |= {"image": upload_of("disc-a"), "add_anyway": "on"}
    assert staff_client.post("/upload/", data).status_code == 302


def test_a_file_in_the_trash_is_not_revealed_to_others(client, trashed, django_user_model):
    user = django_user_model.objects.create_user("adder", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="add_artwork"))
    client.force_login(user)
    data = {"title": "again", "image": upload_of("disc-a")}
    assert client.post("/upload/", data).status_code == 302


def test_commands_count_works_in_the_trash_apart(trashed, collection, capsys):
    other = collection["disc-b"]
    trash.move(Artwork.objects.filter(pk=other.pk))
    IndexEntry.objects.filter(artwork=other).update(state="failed", error="A reason of its own.")
    call_command("stylesim_status", "--json")
    status = json.loads(capsys.readouterr().out)
    assert (status["visible"], status["indexed"], status["trashed"]) == (10, 10, 2)
    assert status["states"]["failed"] == 0
    call_command("stylesim_status")
    shown = capsys.readouterr().out
    assert re.search(r"in the trash +2\n", shown)
    assert "A reason of its own." not in shown
    # Their files are checked, since they can be restored; only the other is not indexed.
    call_command("stylesim_verify", "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["entries"] == {"pending": 0, "failed": 0}
    assert found["places"]["originals"]["checked"] == 11
    assert found["places"]["descriptors"]["checked"] == 12
    assert (found["wrong"], found["orphans"]["found"]) == (0, 0)
    trash.restore(trash.works())
    call_command("stylesim_status", "--json")
    status = json.loads(capsys.readouterr().out)
    assert (status["visible"], status["trashed"], status["states"]["failed"]) == (12, 0, 1)
