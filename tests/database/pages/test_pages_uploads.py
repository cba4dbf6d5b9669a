"""Uploads of one file and of many: as forms, as scripts send them, and in the admin."""

from __future__ import annotations

import html

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile

from stylesim_app.models import Artwork
from tests.admin_pages import LIST
from tests.pages import page, upload_of

SCRIPT = {"accept": "application/json"}
UPLOAD = "/upload/"


@pytest.fixture
def send(staff_client, django_capture_on_commit_callbacks):
    """Upload a picture as a script does, and return the response."""

    def post(name="disc-a", address=UPLOAD, key="", client=staff_client, **fields):
        data = {"image": upload_of(name, f"{name}.png"), **fields}
        headers = {**SCRIPT, **({"idempotency-key": key} if key else {})}
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(address, data, headers=headers)

    return post


# Several files in one form, without a script


@pytest.mark.parametrize("address", [UPLOAD, f"{LIST}upload/"])
def test_several_files_of_a_form_become_works_or_have_a_reason(staff_client, send, address):
    send("bars-a", title="known work")
    files = [upload_of("disc-a", "one.png"), upload_of("disc-b", "two.png")]
    bad = [SimpleUploadedFile("words.png", b"words"), upload_of("bars-a", "again.png")]
    facts = {"artist": "Somebody", "accession_number": "A 5", "image": [*files, *bad]}
    text = html.unescape(staff_client.post(address, facts).content.decode())
    assert "Finished. Added: 2. Already in the collection: 1. Not added: 1." in text
    assert "The file is not an image in one of these formats" in text
    assert ">known work</a>" in text
    assert 'value="Somebody"' in text
    added = Artwork.objects.filter(artist="Somebody")
    # A number is that of one work.
    assert set(added.values_list("title", "accession_number")) == {("one", ""), ("two", "")}


def test_a_title_from_a_file_fits_its_column(staff_client):
    files = [upload_of("disc-a", "ü" * 600 + ".png"), upload_of("disc-b", "a.b.png")]
    staff_client.post(UPLOAD, {"image": files})
    # Django itself shortens the names of uploaded files.
    assert all(len(each.title) <= 500 for each in Artwork.objects.all())
    assert Artwork.objects.filter(title="a.b").exists()


# Files that a script sends, each by itself


@pytest.mark.parametrize("address", [UPLOAD, f"{LIST}upload/"])
def test_a_script_learns_what_became_of_a_file(send, address):
    answer = send(address=address, title_from_file="on").json()
    work = Artwork.objects.get()
    assert (answer["state"], answer["title"]) == ("added", "disc-a")
    assert str(work.pk) in answer["address"]
    assert send(address=address, title_from_file="on").json() == {
        **answer,
        "state": "known",
    }
    refused = send("disc-b", address, year="9" * 200).json()
    assert (refused["state"], set(refused["errors"])) == ("refused", {"title", "year"})
    assert send(address=address, title_from_file="on", add_anyway="on").json()["state"] == "added"
    assert Artwork.objects.count() == 2


def test_an_upload_that_is_repeated_under_its_key_adds_one_work(send):
    first = send(title="one", key="k1")
    again = send(title="one", key="k1")
    assert again.json() == first.json()
    assert first.json()["state"] == "added"
    assert Artwork.objects.count() == 1
    assert send(title="other", key="k1").status_code == 422
    # What changed nothing may be sent again.
    for _ in range(2):
        assert send("disc-b", key="k2").json()["state"] == "refused"
    assert send("disc-b", title="b", key="k2").status_code == 200


def test_a_script_without_permission_learns_so(send, client, django_user_model):
    client.logout()
    assert send(client=client).status_code == 401
    client.force_login(django_user_model.objects.create_user("member"))
    response = send(client=client)
    assert response.status_code == 403
    assert response.json()["reason"] == "You do not have permission to upload works."


def test_a_script_sends_each_file_by_itself(send):
    files = [upload_of("disc-a"), upload_of("disc-b")]
    assert send(image=files).status_code == 400
    assert not Artwork.objects.exists()


def test_the_history_of_the_admin_names_who_uploaded(send, staff):
    send(address=f"{LIST}upload/", title="one")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_repr, entry.is_addition()) == (staff, "one", True)


def test_uploading_in_the_admin_needs_the_permission(client, django_user_model):
    user = django_user_model.objects.create_user("viewer", is_staff=True)
    client.force_login(user)
    assert client.get(f"{LIST}upload/").status_code == 403


def test_the_list_in_the_admin_leads_to_the_upload(staff_client):
    assert f'href="{LIST}upload/"' in staff_client.get(LIST).content.decode()


# One picture where one is expected


def two(first="disc-a", second="disc-b"):
    return [upload_of(first), upload_of(second)]


def test_a_search_takes_exactly_one_picture(client, db):
    response = client.post("/search/", {"image": two()})
    assert "Choose one picture only; 2 were sent." in response.content.decode()
    answer = client.post("/search/", {"image": two()}, headers=SCRIPT).json()
    assert answer["errors"] == {"image": ["Choose one picture only; 2 were sent."]}
    response = client.post("/api/search/", {"image": two()})
    assert response.status_code == 400
    assert response.json()["errors"] == {"image": ["Choose one picture only; 2 were sent."]}


def test_a_search_of_a_script_leads_to_its_results(client, db):
    answer = client.post("/search/", {"image": upload_of()}, headers=SCRIPT).json()
    assert answer["address"].startswith("/search/")


def test_a_picture_is_replaced_by_exactly_one(staff_client, make_artwork):
    work = make_artwork("disc-a")
    name = work.image.name
    data = {"title": "t", "extra": "{}", "image": two()}
    response = staff_client.post(f"{LIST}{work.pk}/change/", data)
    assert "Choose one picture only; 2 were sent." in response.content.decode()
    assert Artwork.objects.get().image.name == name


# Limits


def test_the_limits_are_named_before_the_upload(staff_client, settings):
    settings.STYLESIM_MAX_UPLOAD_MB = 12.5
    settings.STYLESIM_MAX_PIXELS = 80_000_000
    for name in ("upload", "search"):
        assert "A file may have up to 12.5 MB and 80 megapixels." in page(staff_client, name)
