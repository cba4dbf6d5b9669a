"""Odd and damaged files through every entrance: the header decides there, the worker later."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from stylesim_app.models import Artwork, ImageSearch, IndexEntry, WorkItem
from tests import pictures
from tests.odd import ODD_FILES, content_of
from tests.odd_pictures import mutants, odd_picture

State = WorkItem.State


def half_a_jpeg() -> bytes:
    whole = pictures.encode(pictures.draw("disc-a", (400, 300)), "JPEG")
    return whole[: len(whole) // 2]


def send(client, name: str, content: bytes) -> list[int]:
    """Upload by the page, the admin record and the API, and search by the page and the API."""
    statuses = []
    for address, fields in (
        (reverse("stylesim:upload"), {"title": name}),
        ("/admin/stylesim_app/artwork/add/", {"title": name, "extra": "{}", "year": ""}),
        ("/api/artworks/?allow_duplicate=true", {"title": name}),
        (reverse("stylesim:search"), {}),
        ("/api/search/", {}),
    ):
        image = SimpleUploadedFile(name, content)
        statuses.append(client.post(address, {**fields, "image": image}).status_code)
    return statuses


# All of them pass the release test in test_all_entrances.py.
@pytest.mark.parametrize("name", [*ODD_FILES][::9])
def test_every_entrance_takes_an_odd_but_valid_file(staff_client, name):
    assert send(staff_client, name, content_of(name)) == [302, 302, 201, 302, 202]


def test_no_entrance_breaks_at_a_damaged_file(staff_client, settings):
    settings.STYLESIM_SEARCH_THROTTLE = "10000/minute"
    for name, content in mutants(28, seed=2):
        statuses = send(staff_client, name, content)
        assert max(statuses) < 500, name


def test_an_import_takes_odd_files_and_goes_on_after_damaged_ones(tmp_path, db, run_worker):
    folder = tmp_path / "in"
    folder.mkdir()
    names = ["mpo.jpg", "broken_mpo.jpg", "second_page_is_broken.tif", "long_text.png"]
    for name in names:
        (folder / name).write_bytes(odd_picture(name))
    (folder / "half.jpg").write_bytes(half_a_jpeg())
    call_command("stylesim_import", folder, stdout=io.StringIO())
    run_worker()
    states = {entry.artwork.title: entry.state for entry in IndexEntry.objects.all()}
    assert states.pop("half") == State.FAILED
    assert set(states.values()) == {State.INDEXED}
    assert len(states) == len(names)
    out = io.StringIO()
    call_command("stylesim_status", stdout=out)
    assert "a part of the file is missing" in out.getvalue()


def test_damage_beyond_the_header_is_accepted_and_reported_on_the_record(
    staff_client, run_worker, settings
):
    image = SimpleUploadedFile("half.jpg", half_a_jpeg())
    response = staff_client.post("/api/artworks/", {"title": "half", "image": image})
    assert response.status_code == 201
    run_worker()
    index = staff_client.get(f"/api/artworks/{Artwork.objects.get().pk}/").json()["index"]
    assert (index["state"], index["attempts"]) == ("failed", 1)
    assert "a part of the file is missing" in index["reason"]


def test_a_search_by_a_damaged_file_fails_with_the_reason(client, db, run_worker):
    image = SimpleUploadedFile("half.jpg", half_a_jpeg())
    assert client.post(reverse("stylesim:search"), {"image": image}).status_code == 302
    run_worker()
    search = ImageSearch.objects.get()
    assert (search.state, search.error_code) == (State.FAILED, "image_broken")
    page = client.get(search.get_absolute_url()).content.decode()
    assert "a part of the file is missing" in page


def test_notes_stand_on_the_page_the_record_and_in_the_api(
    client, staff, make_artwork, index_artwork
):
    artwork = make_artwork()
    index_artwork(artwork, "disc-a")
    IndexEntry.objects.update(notes=["first_page", "read_with_errors"])
    address = reverse("stylesim:artwork", args=[artwork.pk])
    visitors_page = client.get(address).content.decode()
    assert "only the first is used" in visitors_page
    assert "read with errors" not in visitors_page
    client.force_login(staff)
    assert "read with errors" in client.get(address).content.decode()
    record = client.get(f"/admin/stylesim_app/artwork/{artwork.pk}/change/")
    assert "read with errors" in record.content.decode()
    index = client.get(f"/api/artworks/{artwork.pk}/").json()["index"]
    assert index["notes"] == ["first_page", "read_with_errors"]
    assert "read with errors" in index["note"]
