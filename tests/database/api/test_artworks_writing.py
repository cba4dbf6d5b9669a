"""Artworks in the API: created, changed and deleted by permission."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError, RestrictedError

from stylesim_app.models import Artwork
from tests import pictures

from .bad_pictures import BAD_PICTURES, animation
from .conftest import check_problem, upload

LIST = "/api/artworks/"
HOST = "http://testserver"


def address(artwork: Artwork) -> str:
    return f"{LIST}{artwork.pk}/"


def test_create_with_a_picture_and_read_it_again(curator, django_capture_on_commit_callbacks):
    fields = {
        "title": "Irises",
        "artist": "Vincent van Gogh",
        "year": "1889",
        "is_public": "true",
        "extra": '{"room": "3"}',
        "image": upload(),
    }
    with django_capture_on_commit_callbacks(execute=True):
        response = curator.post(LIST, fields, format="multipart")
    assert response.status_code == 201, response.content
    artwork = Artwork.objects.get()
    assert response["Location"] == HOST + address(artwork)
    assert curator.get(response["Location"]).json()["extra"] == {"room": "3"}
    assert (artwork.year_number, artwork.is_public) == (1889, True)
    assert artwork.image.read() == pictures.png("disc-a")
    assert artwork.stylesim_entry.state == "pending"


def test_a_file_gets_the_ending_of_the_format_that_it_has(curator, db):
    fields = {"title": "Irises", "image": upload(file_name="irises.exe")}
    assert curator.post(LIST, fields, format="multipart").status_code == 201
    assert Artwork.objects.get().image.name.endswith(".png")


def test_an_animation_is_taken_and_its_first_frame_described(
    curator, run_worker, django_capture_on_commit_callbacks
):
    image = SimpleUploadedFile("dance.gif", animation(), "image/gif")
    with django_capture_on_commit_callbacks(execute=True):
        response = curator.post(LIST, {"title": "Dance", "image": image}, format="multipart")
    assert response.status_code == 201
    run_worker()
    index = curator.get(response["Location"]).json()["index"]
    assert index["state"] == "indexed"
    assert index["note"] == "This is an animated image; only its first frame is used."


def test_some_fields_are_changed_by_json(curator, make_artwork):
    artwork = make_artwork("disc-a", artist="Unknown")
    changes = {"artist": "Judith Leyster", "extra": {"room": 3}, "year_number": None}
    response = curator.patch(address(artwork), changes, format="json")
    assert response.status_code == 200, response.content
    changed = Artwork.objects.get()
    assert (changed.artist, changed.extra, changed.title) == (
        "Judith Leyster",
        {"room": 3},
        "disc-a",
    )
    assert changed.image.name == artwork.image.name


def test_a_new_picture_waits_to_be_indexed(curator, collection, django_capture_on_commit_callbacks):
    artwork = collection["disc-a"]
    with django_capture_on_commit_callbacks(execute=True):
        response = curator.patch(address(artwork), {"image": upload("bars-b")}, format="multipart")
    assert response.status_code == 200
    assert curator.get(address(artwork)).json()["index"]["state"] == "pending"
    assert Artwork.objects.get(pk=artwork.pk).image.read() == pictures.png("bars-b")


def test_replacing_needs_every_required_field(curator, make_artwork):
    artwork = make_artwork()
    problem = check_problem(
        curator.put(address(artwork), {"artist": "A"}, format="json"), 400, "invalid"
    )
    assert set(problem["errors"]) == {"title", "image"}
    fields = {"title": "New", "image": upload("bars-b")}
    assert curator.put(address(artwork), fields, format="multipart").json()["title"] == "New"


def test_delete(curator, make_artwork, django_capture_on_commit_callbacks, settings):
    settings.STYLESIM_TRASH_DAYS = 0
    artwork = make_artwork()
    with django_capture_on_commit_callbacks(execute=True):
        assert curator.delete(address(artwork)).status_code == 204
    assert not Artwork.objects.exists()
    assert not artwork.image.storage.exists(artwork.image.name)


@pytest.mark.parametrize("kind", [ProtectedError, RestrictedError])
def test_what_other_records_need_stays(curator, make_artwork, monkeypatch, kind, settings):
    settings.STYLESIM_TRASH_DAYS = 0
    artwork = make_artwork()

    def refuse(_artwork):
        raise kind("Loans need it.", set())

    monkeypatch.setattr(Artwork, "delete", refuse)
    problem = check_problem(curator.delete(address(artwork)), 409, "conflict")
    assert "Other records" in problem["detail"]
    assert "state" not in problem


@pytest.mark.parametrize("kind", BAD_PICTURES)
@pytest.mark.parametrize("method", ["post", "patch"])
def test_a_bad_picture_is_refused_and_nothing_is_lost(curator, make_artwork, kind, method):
    file_name, content, message = BAD_PICTURES[kind]
    artwork = make_artwork()
    image = SimpleUploadedFile(file_name, content, "image/png")
    send = getattr(curator, method)
    target = LIST if method == "post" else address(artwork)
    problem = check_problem(
        send(target, {"title": "New", "image": image}, format="multipart"), 400, "invalid"
    )
    assert list(problem["errors"]) == ["image"]
    assert message in problem["errors"]["image"][0]
    kept = Artwork.objects.get()
    assert (kept.title, kept.image.name) == ("disc-a", artwork.image.name)
    assert kept.image.read() == pictures.png("disc-a")


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [("STYLESIM_MAX_UPLOAD_MB", 0.0001, "MB"), ("STYLESIM_MAX_PIXELS", 1000, "pixels")],
)
def test_a_picture_beyond_the_limits(curator, settings, db, setting, value, message):
    setattr(settings, setting, value)
    response = curator.post(LIST, {"title": "New", "image": upload()}, format="multipart")
    assert message in check_problem(response, 400, "invalid")["errors"]["image"][0]


def test_bad_fields_are_all_named(curator, db):
    fields = {"extra": [1, 2], "year_number": "late", "title": "", "image": "no file"}
    problem = check_problem(curator.post(LIST, fields, format="json"), 400, "invalid")
    assert set(problem["errors"]) == {"extra", "year_number", "title", "image"}


@pytest.mark.parametrize(
    ("method", "permission", "status"),
    [
        ("post", "add", 201),
        ("put", "change", 200),
        ("patch", "change", 200),
        ("delete", "delete", 204),
    ],
)
def test_writing_needs_the_permission_for_it(
    visitor, with_permissions, make_artwork, method, permission, status
):
    artwork = make_artwork()
    target = LIST if method == "post" else address(artwork)

    def send(client):
        fields = {"title": "New", "is_public": "true", "image": upload()}
        return getattr(client, method)(target, fields, format="multipart")

    refused = send(visitor)
    check_problem(refused, 401, "not_authenticated")
    assert refused["WWW-Authenticate"] == "Token"
    others = {"add_artwork", "change_artwork", "delete_artwork"} - {f"{permission}_artwork"}
    for client in (
        with_permissions(),
        with_permissions(is_staff=True),
        with_permissions(*others, is_staff=True),
    ):
        check_problem(send(client), 403, "permission_denied")
    assert Artwork.objects.get().title == "disc-a"
    assert send(with_permissions(f"{permission}_artwork")).status_code == status


def test_who_may_change_may_change_only_what_they_see(with_permissions, make_artwork):
    hidden = make_artwork(is_public=False)
    client = with_permissions("change_artwork", "delete_artwork")
    check_problem(client.patch(address(hidden), {"title": "Mine"}), 404, "not_found")
    check_problem(client.delete(address(hidden)), 404, "not_found")
    assert Artwork.objects.get().title == "disc-a"


def test_a_work_may_be_hidden_by_who_then_sees_it_no_more(with_permissions, make_artwork):
    artwork = make_artwork()
    client = with_permissions("change_artwork")
    assert client.patch(address(artwork), {"is_public": False}, format="json").status_code == 200
    check_problem(client.get(address(artwork)), 404, "not_found")
