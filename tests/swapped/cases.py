"""The complete path with a host's own artwork model; ``acceptance/test_swapped.py`` runs it."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.template import Context, Template
from django.utils import timezone
from easy_thumbnails.models import Thumbnail

from stylesim_app import files
from stylesim_app.collection.swapping import get_artwork_model
from stylesim_app.collection.thumbnails import SIZES
from stylesim_app.models import IndexEntry, RemovedPicture, StoredDescriptor, WorkItem
from stylesim_app.selections import keeping
from stylesim_app.webhooks import sending
from stylesim_app.webhooks.models import Endpoint
from tests import pictures
from tests.swapped.models import Picture

pytestmark = pytest.mark.django_db
NAMES = ("disc-a", "disc-b", "bars-a", "cross-c")


@pytest.fixture
def indexed(run_worker: Any, django_capture_on_commit_callbacks: Any) -> list[Picture]:
    """Four pictures, saved and described."""
    works = []
    with django_capture_on_commit_callbacks(execute=True):
        for name in NAMES:
            picture = Picture()
            picture.scan.save(f"{name}.png", ContentFile(pictures.png(name)))
            works.append(picture)
    run_worker()
    return works


def test_the_host_model_is_in_use_and_the_app_has_no_table_for_its_own():
    assert get_artwork_model() is Picture
    tables = connection.introspection.table_names()
    assert "swapped_picture" in tables
    assert "stylesim_app_indexentry" in tables
    assert "stylesim_app_artwork" not in tables


def test_no_migration_is_missing_and_no_check_complains():
    call_command("makemigrations", "--check", "--dry-run")
    call_command("check", fail_level="WARNING")


def test_the_closest_pairs_are_listed(indexed, admin_client):
    query = {"lane": "measure"}
    assert admin_client.get("/pairs/").status_code == 200
    assert len(admin_client.get("/pairs/", query).context["page"].pairs) == 6
    results = admin_client.get("/api/pairs/", query).json()["results"]
    assert len({frozenset((each["first"]["id"], each["second"]["id"])) for each in results}) == 6
    table = admin_client.get("/pairs/", {**query, "format": "csv"})
    assert len(b"".join(table.streaming_content).splitlines()) == 7


def test_migrations_go_back_to_nothing_and_forth(transactional_db):
    call_command("migrate", "stylesim_app", "zero", verbosity=0)
    assert "stylesim_app_indexentry" not in connection.introspection.table_names()
    call_command("migrate", verbosity=0)
    assert "stylesim_app_indexentry" in connection.introspection.table_names()


def test_saving_indexes_and_deleting_removes_all_of_it(indexed, django_capture_on_commit_callbacks):
    assert {entry.state for entry in IndexEntry.objects.all()} == {WorkItem.State.INDEXED}
    name = StoredDescriptor.objects.get(entry__artwork=indexed[0]).file_name
    assert files.private_storage().exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        indexed[0].delete()
    assert IndexEntry.objects.count() == 3
    assert not files.private_storage().exists(name)


def test_pages_show_the_works_and_their_ranking(indexed, client):
    assert client.get("/").status_code == 200
    page = client.get(f"/artworks/{indexed[0].pk}/")
    assert page.status_code == 200
    for other in indexed[1:]:
        assert str(other.pk) in page.content.decode()
    assert client.get(f"/artworks/{indexed[0].pk}/small.jpg").status_code == 200
    for key in (uuid.uuid4(), "1", "nonsense"):
        assert client.get(f"/artworks/{key}/").status_code == 404


def test_a_page_of_the_host_shows_similar_works(indexed, rf):
    request = rf.get("/")
    request.user = AnonymousUser()
    tag = "{% load stylesim_embed %}{% similar_works work limit=2 %}"
    for work in (indexed[0], str(indexed[0].pk)):
        html = Template(tag).render(Context({"work": work, "request": request}))
        [address] = re.findall(r'href="([^"]+)"', html)[:1]
        assert address in [f"/artworks/{other.pk}/" for other in indexed[1:]]


def test_webhooks_tell_of_the_works_of_the_host(
    settings, run_worker, monkeypatch, django_capture_on_commit_callbacks
):
    bodies = []

    def post(_address, body, _headers):
        bodies.append(json.loads(body))
        return sending.Answer(200)

    monkeypatch.setattr(sending, "post", post)
    Endpoint.objects.create(name="Catalogue", url="https://a.org/")
    picture = Picture()
    with django_capture_on_commit_callbacks(execute=True):
        picture.scan.save("a.png", ContentFile(pictures.png(NAMES[0])))
    run_worker()
    [told] = [body["data"]["artwork"] for body in bodies]
    assert told["id"] == str(picture.pk)
    assert told["accession_number"] is None
    assert told["url"] == f"/artworks/{picture.pk}/"


def test_the_api_lists_shows_and_ranks(indexed, client):
    listed = client.get("/api/artworks/").json()
    assert {work["id"] for work in listed["results"]} == {str(work.pk) for work in indexed}
    answer = client.get(f"/api/artworks/{indexed[0].pk}/similar/").json()
    assert len(answer["results"]) == 3
    assert answer["query"]["id"] == str(indexed[0].pk)
    assert client.get(f"/api/artworks/{uuid.uuid4()}/").status_code == 404
    assert client.get("/api/artworks/nonsense/").status_code == 404
    assert client.get("/api/schema/").status_code == 200


def test_commands_import_index_and_rank(tmp_path: Path, capsys: Any):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.png").write_bytes(pictures.png(name))
    manifest = folder / "manifest.csv"
    manifest.write_text("file,title\n" + "".join(f"{name}.png,{name}\n" for name in NAMES))
    call_command("stylesim_import", str(manifest))
    printed = capsys.readouterr().out
    assert "Ignored columns without a matching field: title." in printed
    assert "4 added" in printed
    assert "visible to staff only" not in printed
    call_command("stylesim_import", str(folder))
    assert "4 already in the collection" in capsys.readouterr().out
    call_command("stylesim_index")
    capsys.readouterr()
    call_command("stylesim_rank", str(folder / "disc-a.png"), "--json")
    first = json.loads(capsys.readouterr().out)["results"][0]
    picture = {"scan", "width", "height", "sha256", "thumbnails"}
    assert set(first["artwork"]) == {"id", "url", *picture, "index"}
    assert Picture.objects.filter(pk=first["artwork"]["id"]).exists()
    call_command("stylesim_rank", str(folder / "disc-a.png"))
    assert "artist" not in capsys.readouterr().out
    call_command("stylesim_status")
    assert re.search(r"indexed +4\b", capsys.readouterr().out)


def test_public_needs_a_field_for_it(tmp_path: Path):
    (tmp_path / "disc-a.png").write_bytes(pictures.png())
    with pytest.raises(CommandError, match=r"swapped\.Picture has no is_public field"):
        call_command("stylesim_import", str(tmp_path), "--public")
    assert not Picture.objects.exists()


def test_the_files_of_the_host_stay_and_their_thumbnails_go(
    indexed, client, settings, django_capture_on_commit_callbacks
):
    settings.STYLESIM_KEEP_REMOVED_DAYS = 30
    picture = indexed[0]
    storage, old_name = picture.scan.storage, picture.scan.name
    assert client.get(f"/artworks/{picture.pk}/small.jpg").status_code == 200
    of_old = Thumbnail.objects.filter(source__name=old_name)
    made = list(of_old.values_list("name", flat=True))
    assert len(made) == len(SIZES)
    with django_capture_on_commit_callbacks(execute=True):
        picture.scan.save("new.png", ContentFile(pictures.png("bars-c")))
    assert storage.exists(old_name)
    assert not any(files.exists(name) for name in made)
    new_name = picture.scan.name
    with django_capture_on_commit_callbacks(execute=True):
        picture.delete()
    assert storage.exists(new_name)
    assert not RemovedPicture.objects.exists()


def test_a_set_holds_works_by_their_own_keys(indexed, admin_client, admin_user):
    made = keeping.create(admin_user, "Mine", keys=[indexed[1].pk, indexed[0].pk])
    table = admin_client.get(f"/sets/{made.pk}/export.xlsx").content
    sent = {"table": SimpleUploadedFile("t.xlsx", table)}
    again = admin_client.post("/sets/import/", sent, follow=True)
    assert [item.artwork for item in again.context["page"]] == [indexed[1], indexed[0]]
    answer = admin_client.get(f"/api/sets/{made.pk}/").json()
    assert answer["artworks"] == [str(indexed[1].pk), str(indexed[0].pk)]


def test_a_client_learns_which_works_were_deleted(indexed, admin_client):
    since = timezone.now().isoformat()
    picture = indexed[0]
    key = str(picture.pk)
    picture.delete()
    answer = admin_client.get("/api/artworks/removed/", {"since": since}).json()
    assert [each["id"] for each in answer["results"]] == [key]
