"""A host whose artworks have a name instead of a title; run by ``test_swapped.py``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from stylesim_app.collection.adapter import adapter
from stylesim_app.collection.visibility import visible_artworks
from stylesim_app.models import IndexEntry, WorkItem
from stylesim_app.selections import keeping
from tests import pictures
from tests.swapped.models import Exhibition, FramedPrint, Print

pytestmark = pytest.mark.django_db
NAMES = ("disc-a", "disc-b", "bars-a", "cross-c")


@pytest.fixture
def prints(run_worker, django_capture_on_commit_callbacks):
    made = []
    with django_capture_on_commit_callbacks(execute=True):
        for number, name in enumerate(NAMES):
            work = Print(name=f"Print {name}", maker="Hokusai", begun=1830 + number, shown=True)
            work.scan.save(f"{name}.png", ContentFile(pictures.png(name)))
            made.append(work)
    run_worker()
    return made


def test_no_migration_is_missing_and_no_check_complains():
    call_command("makemigrations", "--check", "--dry-run")
    call_command("check", fail_level="WARNING")


def test_the_adapter_finds_what_is_called_otherwise(prints):
    work = prints[0]
    assert adapter().title(work) == "Print disc-a"
    assert adapter().facts(work) == [("Maker", "Hokusai"), ("Technique", "woodcut")]
    assert adapter().years(work) == (1830, 1830)
    assert adapter().url(work) == f"/artworks/{work.pk}/"
    assert adapter().editable_fields() == [
        *("name", "maker", "medium", "begun", "shown", "details", "scan")
    ]


def test_what_is_not_shown_is_hidden(prints, rf):
    Print.objects.filter(pk=prints[0].pk).update(shown=False)
    request = rf.get("/")
    request.user = AnonymousUser()
    assert set(visible_artworks(request)) == set(prints[1:])


def test_a_folder_is_imported_by_file_names(tmp_path, capsys):
    for name in NAMES:
        (tmp_path / f"{name}.png").write_bytes(pictures.png(name))
    call_command("stylesim_import", str(tmp_path), "--public")
    assert "4 added" in capsys.readouterr().out
    assert set(Print.objects.values_list("name", "shown")) == {(name, True) for name in NAMES}


@pytest.mark.parametrize("header", ["file,name,maker", "file,title,artist"])
def test_a_manifest_may_use_the_names_of_either_side(tmp_path, capsys, header):
    (tmp_path / "disc-a.png").write_bytes(pictures.png("disc-a"))
    (tmp_path / "works.csv").write_text(f"{header}\ndisc-a.png,The wave,Hokusai\n")
    call_command("stylesim_import", str(tmp_path / "works.csv"))
    assert "1 added" in capsys.readouterr().out
    assert Print.objects.values_list("name", "maker").get() == ("The wave", "Hokusai")


def test_pages_show_filter_and_rank(prints, client):
    gallery = client.get("/").content.decode()
    assert all(f"Print {name}" in gallery for name in NAMES)
    assert "Print disc-a" in client.get("/?q=disc-a").content.decode()
    assert "Print bars-a" not in client.get("/?q=disc-a").content.decode()
    assert client.get("/?artist=nobody").content.decode().count("Print ") == 0
    page = client.get(f"/artworks/{prints[0].pk}/").content.decode()
    assert "<h1>Print disc-a</h1>" in page
    assert "Hokusai" in page
    assert "Print disc-b" in page
    page = client.get(f"/artworks/{prints[0].pk}/?exclude_same_artist=on").content.decode()
    # It may be the next in the gallery all the same.
    assert "Print disc-b" not in page.partition('id="similar"')[2]


def test_an_upload_asks_for_the_name(admin_client):
    data: dict[str, object] = {"scan": SimpleUploadedFile("a.png", pictures.png("disc-a"))}
    assert admin_client.post("/upload/", data).status_code == 200
    assert not Print.objects.exists()
    data = {"scan": SimpleUploadedFile("a.png", pictures.png("disc-a")), "name": "The wave"}
    assert admin_client.post("/upload/", data).status_code == 302
    assert Print.objects.get().name == "The wave"


def test_the_api_lists_filters_and_ranks(prints, client):
    listed = client.get("/api/artworks/?year_from=1832").json()["results"]
    assert {work["name"] for work in listed} == {"Print bars-a", "Print cross-c"}
    answer = client.get(f"/api/artworks/{prints[0].pk}/similar/").json()
    others = {f"Print {name}" for name in NAMES[1:]}
    assert {result["artwork"]["name"] for result in answer["results"]} == others
    ordered = client.get("/api/artworks/?ordering=-title").json()["results"]
    assert ordered[0]["name"] == "Print disc-b"


def test_commands_name_the_works(prints, tmp_path, capsys):
    (tmp_path / "query.png").write_bytes(pictures.png("disc-a"))
    call_command("stylesim_rank", str(tmp_path / "query.png"))
    assert "Print disc-a" in capsys.readouterr().out
    call_command("stylesim_rank", str(tmp_path / "query.png"), "--json")
    assert json.loads(capsys.readouterr().out)["results"][0]["artwork"]["name"] == "Print disc-a"


def test_a_file_replaced_through_a_proxy_is_noticed(
    prints, run_worker, django_capture_on_commit_callbacks
):
    """Even if the new file is stored under the name of the old one."""
    # Any, for the types know no other model of artworks than the app's own.
    work: Any = FramedPrint.objects.get(pk=prints[0].pk)
    name = work.scan.name
    before = IndexEntry.objects.get(artwork=work).image_sha256
    work.scan.storage.delete(name)
    with django_capture_on_commit_callbacks(execute=True):
        work.scan = ContentFile(pictures.png("cross-b"), name.rpartition("/")[2])
        work.save()
    assert work.scan.name == name
    assert IndexEntry.objects.get(artwork=work).state == WorkItem.State.PENDING
    run_worker()
    entry = IndexEntry.objects.get(artwork=work)
    assert entry.state == WorkItem.State.INDEXED
    assert entry.image_sha256 != before


def test_a_work_deleted_through_a_proxy_leaves_nothing(prints, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        FramedPrint.objects.get(pk=prints[0].pk).delete()
    assert IndexEntry.objects.count() == 3


def test_further_columns_go_where_the_adapter_says(tmp_path):
    (tmp_path / "disc-a.png").write_bytes(pictures.png("disc-a"))
    (tmp_path / "works.csv").write_text("file,name,Lender\ndisc-a.png,The wave,Louvre\n")
    call_command("stylesim_import", str(tmp_path / "works.csv"))
    assert Print.objects.get().details == {"Lender": "Louvre"}


def test_a_fact_may_be_a_row_of_another_table(prints, client):
    Print.objects.filter(pk=prints[0].pk).update(medium=Group.objects.create(name="Woodcut"))
    assert "Woodcut" in client.get(f"/artworks/{prints[0].pk}/").content.decode()
    for address in ("/?q=x", "/?medium=x", "/api/artworks/?q=x"):
        assert client.get(address).status_code == 200, address


def test_a_relation_with_the_name_of_a_fact_is_none(prints, client):
    assert adapter().field("exhibition") is None
    Exhibition.objects.create().works.add(prints[0])
    for address in (f"/artworks/{prints[0].pk}/", "/api/artworks/", "/api/schema/"):
        assert client.get(address).status_code == 200, address


def test_facets_and_filters_go_by_the_facts_that_the_adapter_finds(prints, client):
    answer = client.get("/api/artworks/facets/").json()
    # The medium is a relation, and there is no collection.
    assert [(each["name"], each["label"]) for each in answer["facets"]] == [("artist", "Maker")]
    assert answer["facets"][0]["values"] == [{"value": "Hokusai", "count": 4, "chosen": False}]
    [century] = answer["centuries"]
    assert (century["year_from"], century["year_to"], century["count"]) == (1801, 1900, 4)
    assert client.get("/api/artworks/?artist_is=HOKUSAI").json()["count"] == 4
    assert client.get("/api/artworks/?changed_since=2026-01-01").status_code == 400
    assert "Hokusai" in client.get("/").content.decode()


def test_sets_and_the_public_page_read_the_host_s_own_fields(prints, client, admin_client):
    person = User.objects.create_user("anna")
    made = keeping.create(person, "Waves", keys=[prints[2].pk, prints[0].pk])
    token = keeping.share(made)
    table = client.get(f"/sets/{token}/export.csv").content.decode("utf-8-sig")
    head, first, _second = table.splitlines()
    assert head == "id,title,artist,medium,Technique,url"
    assert first.startswith(f"{prints[2].pk},Print bars-a,Hokusai,,woodcut,http://testserver/")
    sent = {"table": SimpleUploadedFile("t.csv", table.encode())}
    again = admin_client.post("/sets/import/", sent, follow=True)
    assert [item.artwork for item in again.context["page"]] == [prints[2], prints[0]]
    within = client.get(f"/artworks/{prints[1].pk}/", {"within": token})
    assert {each.artwork for each in within.context["answer"].results} == {prints[0], prints[2]}
    record = within.context["record"]
    assert '"creator": {"@type": "Person", "name": "Hokusai"}' in record.json_ld
    assert '"dateCreated": "1831"' in record.json_ld
    assert record.citation.startswith("Hokusai, Print disc-b. http://testserver/artworks/")
    prints[0].delete()
    assert made.items.count() == 1
