"""Artworks in the API: read by visibility."""

from __future__ import annotations

import io
from urllib.parse import unquote

import pytest
from django.urls import reverse
from PIL import Image

from stylesim_app.api.serializers import UploadField
from stylesim_app.collection import thumbnails
from stylesim_app.models import Artwork, IndexEntry

from .conftest import check_problem

LIST = "/api/artworks/"
HOST = "http://testserver"


def address(artwork: Artwork) -> str:
    return f"{LIST}{artwork.pk}/"


def titles(response) -> list[str]:
    return [work["title"] for work in response.json()["results"]]


def test_an_artwork_shows_its_fields_its_page_and_its_index(visitor, collection):
    artwork = collection["disc-a"]
    answer = visitor.get(address(artwork)).json()
    assert answer["id"] == artwork.pk
    assert (answer["title"], answer["artist"], answer["year_number"]) == (
        "disc-a",
        "Artist A",
        1800,
    )
    assert answer["url"] == HOST + reverse("stylesim:artwork", args=[artwork.pk])
    assert answer["image"] == HOST + artwork.image.url
    assert answer["thumbnails"] == {
        size: f"{HOST}/api/artworks/{artwork.pk}/{size}.jpg"
        for size in ("small", "medium", "large")
    }
    index = answer["index"]
    assert (index["state"], index["reason"], index["note"]) == ("indexed", "", "")
    assert index["indexed_at"]
    assert index["attempts"] == 0


@pytest.mark.parametrize(
    ("state", "public_reason"),
    [
        ("failed", "It could not be indexed. Staff can see the reason."),
        ("pending", "It is waiting to be indexed. Please try again in a moment."),
    ],
)
def test_staff_learns_what_went_wrong_and_others_that_it_did(
    visitor, curator, make_artwork, state, public_reason
):
    artwork = make_artwork()
    IndexEntry.objects.create(
        artwork=artwork,
        state=state,
        attempts=2,
        error_code="weights_missing",
        error_params={"path": "/srv/vgg.pth"},
    )
    index = curator.get(address(artwork)).json()["index"]
    assert (index["state"], index["attempts"]) == (state, 2)
    assert index["reason"] == "Weights file not found: /srv/vgg.pth."
    assert visitor.get(address(artwork)).json()["index"]["reason"] == public_reason


def test_a_work_without_an_entry_waits(visitor, make_artwork):
    assert visitor.get(address(make_artwork())).json()["index"]["state"] == "pending"


def test_a_work_without_a_picture_has_neither_index_nor_thumbnails(visitor, db):
    artwork = Artwork.objects.create(title="lost", is_public=True)
    answer = visitor.get(address(artwork)).json()
    assert (answer["index"], answer["thumbnails"], answer["image"]) == (None, None, None)
    check_problem(visitor.get(f"{LIST}{artwork.pk}/small.jpg"), 404, "not_found")


@pytest.mark.parametrize("error", [NotImplementedError, ValueError])
def test_a_storage_may_give_files_no_address(error):
    class SealedFile:
        @property
        def url(self):
            raise error

    assert UploadField().to_representation(SealedFile()) is None


def test_the_list_is_filtered_ordered_and_paged(visitor, collection):
    assert titles(visitor.get(LIST, {"q": "disc"})) == ["disc-c", "disc-b", "disc-a"]
    page = visitor.get(LIST, {"artist": "artist b", "ordering": "title", "page_size": 3}).json()
    assert page["count"] == 4
    assert [work["title"] for work in page["results"]] == ["bars-b", "corner-b", "cross-b"]
    assert page["previous"] is None
    following = visitor.get(page["next"]).json()
    assert [work["title"] for work in following["results"]] == ["disc-b"]
    assert following["next"] is None
    years = visitor.get(LIST, {"year_from": 1810, "year_to": 1820, "ordering": "-year_number"})
    assert titles(years) == ["disc-c", "disc-b"]


def test_pages_of_equal_rank_neither_repeat_nor_lose_a_work(visitor, collection):
    seen = [
        title
        for page in (1, 2, 3)
        for title in titles(visitor.get(LIST, {"ordering": "artist", "page_size": 5, "page": page}))
    ]
    assert sorted(seen) == sorted(collection)


def test_the_list_costs_as_many_queries_for_many_works_as_for_one(
    visitor, collection, django_assert_num_queries
):
    for size in (1, 12):
        with django_assert_num_queries(2):
            assert len(visitor.get(LIST, {"page_size": size}).json()["results"]) == size


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("page_size", "100000"),
        ("page_size", "0"),
        ("page_size", "-1"),
        ("page_size", "many"),
        ("page_size", "9" * 5000),
        ("ordering", "secret"),
        ("year_from", "late"),
        ("year_to", "1e999999999"),
        ("q", "\0"),
        ("artsit", "Monet"),
        ("presets", "style"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(visitor, db, parameter, value):
    problem = check_problem(visitor.get(LIST, {parameter: value}), 400, "invalid")
    assert list(problem["errors"]) == [parameter]
    assert problem["errors"][parameter][0]


@pytest.mark.parametrize("page", ["0", "99", "x", "9" * 4000])
def test_a_page_that_is_not_there(visitor, make_artwork, page):
    make_artwork()
    problem = check_problem(visitor.get(LIST, {"page": page}), 404, "not_found")
    assert problem["detail"] == f"Page {page} does not exist."


def test_the_smallest_limit_bounds_a_page_that_names_no_size(visitor, collection, settings):
    settings.STYLESIM_MAX_RESULTS = 5
    assert len(visitor.get(LIST).json()["results"]) == 5


def test_who_sees_what(visitor, curator, with_permissions, make_artwork):
    public, hidden = make_artwork("disc-a"), make_artwork("disc-b", is_public=False)
    thumbnails.make_thumbnails(hidden)
    clerk = with_permissions(is_staff=True)
    member = with_permissions("view_artwork")
    viewer = with_permissions("view_artwork", is_staff=True)
    for client in (visitor, clerk, member):
        assert titles(client.get(LIST)) == ["disc-a"]
        assert client.get(address(public)).status_code == 200
        assert client.get(address(hidden)).status_code == 404
        assert client.get(f"{LIST}{hidden.pk}/small.jpg").status_code == 404
    for client in (viewer, curator):
        assert titles(client.get(LIST)) == ["disc-b", "disc-a"]
        assert client.get(address(hidden)).status_code == 200
        assert client.get(f"{LIST}{hidden.pk}/small.jpg").status_code == 200


@pytest.mark.parametrize("rest", ["", "similar/", "small.jpg"])
def test_what_is_not_visible_looks_like_what_is_not_there(visitor, make_artwork, rest):
    hidden = make_artwork(is_public=False)
    other_digits = "%D9%A0"
    for key in (hidden.pk, 999_999, "x", 10**30, "%00", other_digits):
        response = visitor.get(f"{LIST}{key}/{rest}")
        problem = check_problem(response, 404, "not_found")
        shown = unquote(str(key))
        assert problem["detail"].replace(shown, "ID") == (
            "Artwork ID was not found, or you do not have access to it."
        )


@pytest.mark.parametrize("written", ["%20{}", "{}%20", "0{}", "%2B{}", "%EF%BC%91"])
def test_a_work_has_one_address(visitor, make_artwork, written):
    artwork = make_artwork(pk=1)
    check_problem(visitor.get(f"{LIST}{written.format(artwork.pk)}/"), 404, "not_found")


def test_a_thumbnail_is_a_small_jpeg_whatever_is_accepted(visitor, make_artwork):
    artwork = make_artwork()
    thumbnails.make_thumbnails(artwork)
    response = visitor.get(f"{LIST}{artwork.pk}/small.jpg", HTTP_ACCEPT="image/*")
    assert response["Content-Type"] == "image/jpeg"
    assert "private" in response["Cache-Control"]
    with Image.open(io.BytesIO(response.getvalue())) as image:
        assert image.format == "JPEG"
        assert max(image.size) <= 240
    unchanged = visitor.get(
        f"{LIST}{artwork.pk}/small.jpg", headers={"if-none-match": response["ETag"]}
    )
    assert unchanged.status_code == 304


@pytest.mark.parametrize("shape", [(20_000, 1), (1, 20_000)])
@pytest.mark.parametrize(("size", "side"), [("small", 240), ("large", 1600)])
def test_a_picture_that_is_nearly_a_line_has_thumbnails(visitor, make_artwork, shape, size, side):
    artwork = make_artwork()
    content = io.BytesIO()
    Image.new("RGB", shape).save(content, "PNG")
    artwork.image.save("line.png", content)
    thumbnails.make_thumbnails(artwork)
    response = visitor.get(f"{LIST}{artwork.pk}/{size}.jpg")
    with Image.open(io.BytesIO(response.getvalue())) as image:
        assert sorted(image.size) == [1, side]


def test_a_thumbnail_of_a_lost_file_is_not_there(visitor, make_artwork):
    artwork = make_artwork()
    artwork.image.storage.delete(artwork.image.name)
    check_problem(visitor.get(f"{LIST}{artwork.pk}/small.jpg"), 404, "not_found")
    check_problem(visitor.get(f"{LIST}{artwork.pk}/huge.jpg"), 404, "not_found")
