"""Requests that are refused by the length of their body, which is never read."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.test import override_settings
from django.urls import include, path

from stylesim_app.middleware import most_bytes
from tests.database.api.conftest import check_problem

urlpatterns = [path("works/", include("stylesim_app.urls"))]


class Unread(BytesIO):
    """A body that fails the test if it is read."""

    def read(self, *_args):
        raise AssertionError("the body was read")

    readline = read


def send(client, address, length, **extra):
    facts = {
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(length),
        "wsgi.input": Unread(),
    }
    return client.generic("POST", address, **{**facts, **extra})


@pytest.mark.parametrize("address", ["/api/artworks/", "/api/search/", "/api/token/", "/api/x/"])
def test_the_api_refuses_a_body_that_is_too_large(client, settings, db, address):
    settings.STYLESIM_MAX_UPLOAD_MB = 2.5
    problem = check_problem(send(client, address, 10**10), 413, "too_large")
    assert "2.5 MB" in problem["detail"]
    check_problem(send(client, address, most_bytes() + 1), 413, "too_large")


@pytest.mark.parametrize("address", ["/upload/", "/search/", "/accounts/login/", "/admin/login/"])
def test_a_page_says_the_limit(client, settings, db, address):
    settings.STYLESIM_MAX_UPLOAD_MB = 12.5
    response = send(client, address, 10**10)
    assert response.status_code == 413
    assert "at most 12.5 MB" in response.content.decode()
    assert "<h1>" in response.content.decode()


def test_a_body_of_unknown_length_is_refused(client, db):
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    check_problem(send(client, "/api/search/", "", **chunked), 411, "length_required")
    assert send(client, "/search/", "", **chunked).status_code == 411


def test_a_host_without_the_api_gets_pages(client, settings, db):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]
    with override_settings(ROOT_URLCONF=__name__):
        response = send(client, "/works/search/", 10**10)
    assert (response.status_code, response["Content-Type"][:9]) == (413, "text/html")


def test_what_is_small_enough_is_read(client, settings, db):
    settings.STYLESIM_MAX_UPLOAD_MB = 1
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert most_bytes() == 1_001_000
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    assert most_bytes() > 3_000_000
    with pytest.raises(AssertionError, match="was read"):
        send(client, "/api/search/", 1000)
