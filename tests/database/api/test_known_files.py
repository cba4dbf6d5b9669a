"""Uploads of a file that a visible artwork has already."""

from __future__ import annotations

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from stylesim_app.models import Artwork

from .conftest import check_problem, upload

LIST = "/api/artworks/"
HOST = "http://testserver"


@pytest.fixture
def add(django_capture_on_commit_callbacks):
    """Create an artwork, and return the response."""

    def post(client, name="disc-a", query="", **fields):
        with django_capture_on_commit_callbacks(execute=True):
            body = {"title": "t", "image": upload(name), **fields}
            return client.post(f"{LIST}{query}", body, format="multipart")

    return post


def test_a_known_file_is_a_conflict_that_names_the_artwork(curator, add):
    first = add(curator).json()
    response = add(curator)
    problem = check_problem(response, 409, "duplicate")
    assert problem["artwork"] == {"id": first["id"], "url": first["url"]}
    assert response["Link"] == f'<{HOST}{LIST}{first["id"]}/>; rel="duplicate"'
    assert Artwork.objects.count() == 1
    assert add(curator, "disc-b").status_code == 201


def test_a_second_artwork_with_the_file_is_created_on_request(curator, add):
    first = add(curator).json()
    response = add(curator, query="?allow_duplicate=true")
    assert response.status_code == 201
    assert response["Link"] == f'<{HOST}{LIST}{first["id"]}/>; rel="duplicate"'
    assert "Link" not in add(curator, "disc-b", query="?allow_duplicate=true")
    check_problem(add(curator, query="?allow_duplicate=false"), 409, "duplicate")


def test_the_parameter_is_true_or_false(curator, add):
    problem = check_problem(add(curator, query="?allow_duplicate=maybe"), 400, "invalid")
    assert list(problem["errors"]) == ["allow_duplicate"]
    check_problem(add(curator, query="?allow=true"), 400, "invalid")
    assert not Artwork.objects.exists()


def test_a_hidden_artwork_is_not_revealed(curator, with_permissions, add):
    add(curator, title="secret")
    adder = with_permissions("add_artwork")
    response = add(adder, is_public=True)
    assert response.status_code == 201
    assert "Link" not in response
    # Its own upload is public, so it may know of it.
    problem = check_problem(add(adder), 409, "duplicate")
    assert problem["artwork"]["id"] == response.json()["id"]


def test_a_replacement_by_a_known_file_is_made_and_named(
    curator, add, django_capture_on_commit_callbacks
):
    first, second = add(curator).json(), add(curator, "disc-b").json()

    def replace(name):
        body = encode_multipart(BOUNDARY, {"image": upload(name)})
        with django_capture_on_commit_callbacks(execute=True):
            return curator.patch(f"{LIST}{second['id']}/", body, content_type=MULTIPART_CONTENT)

    response = replace("disc-a")
    assert response.status_code == 200
    assert response["Link"] == f'<{HOST}{LIST}{first["id"]}/>; rel="duplicate"'
    assert "Link" not in replace("bars-a")
