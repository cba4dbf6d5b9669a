"""Pages of other origins: they read the API if the site names them, and nothing else."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import project

ORIGIN = "https://catalogue.example.org"


def ask(client, address="/api/artworks/", **headers):
    return client.get(address, headers={"origin": ORIGIN, **headers})


def test_no_other_origin_may_read_unless_it_is_named(client, db):
    response = ask(client)
    assert response.status_code == 200
    assert not response.has_header("Access-Control-Allow-Origin")


@pytest.mark.parametrize("address", ["/api/artworks/", "/api/artworks/0/", "/api/nothing"])
def test_a_named_origin_may_read_answers_and_errors_without_cookies(client, db, settings, address):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    response = ask(client, address)
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert "origin" in response["Vary"].lower()
    assert not response.has_header("Access-Control-Allow-Credentials")
    exposed = response["Access-Control-Expose-Headers"]
    assert {"ETag", "Location", "Retry-After"} <= set(exposed.split(", "))
    assert not ask(client, "/").has_header("Access-Control-Allow-Origin")
    assert not ask(client, origin="https://else.example.org").has_header(
        "Access-Control-Allow-Origin"
    )


def test_a_browser_may_send_tokens_and_conditions(client, db, settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]
    response = client.options(
        "/api/artworks/",
        headers={
            "origin": ORIGIN,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,idempotency-key,if-none-match",
        },
    )
    assert response.status_code == 200
    allowed = response["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "idempotency-key", "if-none-match", "if-match"} <= set(allowed)


@pytest.mark.parametrize(
    ("variable", "origins", "everybody"),
    [
        ("", [], False),
        ("*", [], True),
        (f"{ORIGIN}, http://a:8000", [ORIGIN, "http://a:8000"], False),
    ],
)
def test_the_environment_names_origins(monkeypatch, variable, origins, everybody):
    monkeypatch.setenv("CORS_ALLOWED_ORIGINS", variable)
    # Under another name, since the settings of the tests are those of the site.
    spec = spec_from_file_location(
        "project.read_again", Path(project.__file__).with_name("settings.py")
    )
    read = module_from_spec(spec)
    spec.loader.exec_module(read)
    assert origins == read.CORS_ALLOWED_ORIGINS
    assert read.CORS_ALLOW_ALL_ORIGINS is everybody
