"""Accepted values of the fields of an artwork, and the messages for refused ones."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from stylesim_app.models import Artwork

from .conftest import check_problem

LIST = "/api/artworks/"
#: What ``extra`` may not be, as JSON, and what is said of it.
BAD_EXTRAS = [
    ("[1]", "object"),
    ("[]", "object"),
    ("null", ""),
    ('"text"', "object"),
    (r'{"a": "\ud800"}', "Unicode"),
    (r'{"a": {"\udfff": 1}}', "Unicode"),
    (r'{"a": ["\u0000"]}', "Unicode"),
    (r'{"\u0000": 1}', "Unicode"),
    ('{"a": 1e999}', ""),
    ('{"a": [-1e999]}', ""),
    ('{"a":' * 11 + "1" + "}" * 11, "10"),
    ('{"a":' + "[" * 10 + "]" * 10 + "}", "10"),
    ('{"a":' + "[" * 950 + "]" * 950 + "}", ""),
    (json.dumps({"a": "x" * 100_001}), "100 kB"),
    (json.dumps({"a": "\u753b" * 34_000}, ensure_ascii=False), "100 kB"),
]


def address(artwork: Artwork) -> str:
    return f"{LIST}{artwork.pk}/"


@pytest.mark.parametrize(("text", "message"), BAD_EXTRAS)
@pytest.mark.parametrize("kind", ["multipart", "json"])
def test_further_fields_that_cannot_be_kept(curator, visitor, make_artwork, kind, text, message):
    target = address(make_artwork())
    if kind == "json":
        body = f'{{"extra": {text}}}'.encode()
        response = curator.patch(target, body, content_type="application/json")
    else:
        response = curator.patch(target, {"extra": text}, format="multipart")
    assert response.status_code == 400
    if response.json()["code"] == "invalid":
        problem = check_problem(response, 400, "invalid")
        assert list(problem["errors"]) == ["extra"]
        assert message in problem["errors"]["extra"][0]
    else:
        check_problem(response, 400, "parse_error")
    assert visitor.get(LIST).json()["results"][0]["extra"] == {}


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": -Infinity}', "[" * 100_000])
def test_further_fields_of_a_form_that_are_no_json(curator, make_artwork, text):
    response = curator.patch(address(make_artwork()), {"extra": text}, format="multipart")
    assert list(check_problem(response, 400, "invalid")["errors"]) == ["extra"]


def test_further_fields_as_deep_and_long_as_may_be(curator, make_artwork):
    nested: object = "\u753b" * 33_000
    for _ in range(10):
        nested = {"a": nested}
    response = curator.patch(address(make_artwork()), {"extra": nested}, format="json")
    assert response.status_code == 200, response.content
    assert Artwork.objects.get().extra == nested


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL refuses to store it")
def test_half_a_character_that_was_stored_does_not_break_the_list(visitor, make_artwork):
    make_artwork(extra={"a": "\ud800"})
    assert visitor.get(LIST).json()["results"][0]["extra"] == {"a": "\ud800"}


@pytest.mark.parametrize("name", ["title", "artist", "year", "rights"])
@pytest.mark.parametrize("text", ["\ud800", "a\0"])
def test_texts_are_unicode(curator, make_artwork, name, text):
    body = json.dumps({name: text})
    response = curator.patch(address(make_artwork()), body, content_type="application/json")
    assert list(check_problem(response, 400, "invalid")["errors"]) == [name]


@pytest.mark.parametrize("method", ["post", "patch", "put"])
@pytest.mark.parametrize("kind", ["json", "multipart"])
def test_a_field_that_is_not_there_is_named(curator, make_artwork, method, kind):
    artwork = make_artwork()
    target = LIST if method == "post" else address(artwork)
    body = {"titel": "New", "year_number": "late"}
    response = getattr(curator, method)(target, body, format=kind)
    problem = check_problem(response, 400, "invalid")
    assert {"titel", "year_number"} <= set(problem["errors"])
    assert "title" in problem["errors"]["titel"][0]
    response = curator.patch(address(artwork), r'{"\ud800": 1}', content_type="application/json")
    assert list(check_problem(response, 400, "invalid")["errors"]) == ["\ud800"]


def test_what_was_read_may_be_sent_back(curator, make_artwork):
    artwork = make_artwork()
    read = curator.get(address(artwork)).json()
    del read["image"]
    changed = {**read, "id": 99, "title": "New"}
    response = curator.patch(address(artwork), changed, format="json")
    assert response.json() == {**curator.get(address(artwork)).json(), "title": "New"}
    assert response.json()["id"] == artwork.pk


def test_a_form_of_a_page_may_hold_the_csrf_token(curator, make_artwork):
    body = {"title": "New", "csrfmiddlewaretoken": "x"}
    response = curator.patch(address(make_artwork()), body, format="multipart")
    assert response.status_code == 200
