"""Public tokens: they stand in web pages, and allow what visitors may see."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from project.access.models import ApiToken
from project.access.origins import parse_origin
from project.access.tokens import make_token
from stylesim_app.collection import thumbnails
from tests.database.api.conftest import check_problem, upload

DAY = timedelta(days=1)
SITE = "https://www.example.org"


def client_of(user, *origins, lifetime=DAY):
    _, text = make_token(user, "Page", (), lifetime, public=True, origins=origins)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {text}")
    return client


def test_a_public_token_shows_what_visitors_may_see_whoever_made_it(staff, make_artwork):
    hidden, shown = make_artwork(is_public=False), make_artwork("bars-b")
    client = client_of(staff)
    assert client.get(f"/api/artworks/{shown.pk}/").status_code == 200
    check_problem(client.get(f"/api/artworks/{hidden.pk}/"), 404, "not_found")
    assert client.get("/api/artworks/").json()["count"] == 1
    assert client.get("/api/index/").json()["calibrated_on"] is None


def test_a_public_token_only_reads(staff, make_artwork):
    client = client_of(staff)
    address = f"/api/artworks/{make_artwork().pk}/"
    for response in (
        client.patch(address, {"title": "T"}, format="json"),
        client.delete(address),
        client.post("/api/search/", {"image": upload()}, format="multipart"),
        client.post("/api/index/", {"state": "failed"}, format="json"),
    ):
        check_problem(response, 403, "public_token")


def test_only_pages_of_the_named_sites_use_it(staff, make_artwork):
    make_artwork()
    client = client_of(staff, SITE)
    for origin in (SITE, "HTTPS://WWW.EXAMPLE.ORG"):
        assert client.get("/api/artworks/", headers={"origin": origin}).status_code == 200
    for origin in ("https://else.example.org", "http://www.example.org", f"{SITE}:8443", "null"):
        refused = client.get("/api/artworks/", headers={"origin": origin})
        check_problem(refused, 403, "public_token")
    check_problem(client.get("/api/artworks/"), 403, "public_token")
    own = {"sec-fetch-site": "same-origin"}
    assert client.get("/api/artworks/", headers=own).status_code == 200


def test_the_sites_of_a_valid_token_may_read_answers_without_a_setting(client, staff, settings):
    preflight = {
        "origin": SITE,
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization",
    }

    def allowed(path="/api/artworks/", **headers):
        response = client.options(path, headers={**preflight, **headers})
        return response.get("Access-Control-Allow-Origin")

    assert allowed() is None
    make_token(staff, "Page", (), DAY, public=True, origins=[SITE])
    assert allowed() == SITE
    assert allowed(origin="https://www.example") is None
    assert allowed(path="/accounts/login/") is None
    ApiToken.objects.update(expiry=timezone.now() - DAY)
    assert allowed() is None
    ApiToken.objects.update(expiry=None)
    assert allowed() == SITE
    staff.is_active = False
    staff.save()
    assert allowed() is None


def test_it_has_a_limit_of_its_own_for_each_address(staff, make_artwork, settings):
    settings.PUBLIC_TOKEN_THROTTLE = "2/minute"
    make_artwork()
    client = client_of(staff)
    assert [client.get("/api/artworks/").status_code for _ in range(3)] == [200, 200, 429]
    elsewhere = client.get("/api/artworks/", REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 200
    assert APIClient().get("/api/artworks/").status_code == 200


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (" https://WWW.Example.org/works/?a=1#b ", SITE),
        ("https://www.example.org:443", SITE),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:80/", "http://[::1]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_is_read_as_the_origin_that_browsers_send(text, origin):
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    ["www.example.org", "*", "ftp://a.org", "https://", "https://a:b", "https://u@a.org", "null"],
)
def test_what_is_no_address_of_a_site_is_refused(text):
    with pytest.raises(ValidationError):
        parse_origin(text)


def test_a_person_makes_one_on_the_page(client, staff, make_artwork):
    client.force_login(staff)
    hidden = make_artwork(is_public=False)
    sent = {"name": "Catalogue", "kind": "public", "scopes": ["write"], "days": "never"}
    page = client.post(reverse("tokens"), {**sent, "origins": f"{SITE}/works/\n{SITE}"})
    [text] = re.findall(r"<code[^>]*>([0-9a-f]{64})</code>", page.content.decode())
    token = ApiToken.objects.get()
    assert (token.scopes, token.is_public, token.expiry) == (("read",), True, None)
    assert token.allowed_origins == (SITE,)
    assert "Everybody who opens the page can read it" in page.content.decode()
    listed = client.get(reverse("tokens")).content.decode()
    assert "Valid until it is revoked" in listed
    assert SITE in listed
    reader = APIClient()
    reader.credentials(HTTP_AUTHORIZATION=f"Token {text}", HTTP_ORIGIN=SITE)
    check_problem(reader.get(f"/api/artworks/{hidden.pk}/"), 404, "not_found")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"kind": "public", "origins": "example"}, "is not the address of a web site"),
        ({"kind": "public", "origins": "\n".join(["https://a.org"] * 21)}, "at most 20"),
        ({"kind": "program", "scopes": ["read"], "days": "never"}, "must expire"),
        ({"kind": "program"}, "Choose at least one"),
    ],
)
def test_the_page_says_what_is_wrong(client, staff, sent, reason):
    client.force_login(staff)
    page = client.post(reverse("tokens"), {"name": "A", "days": "30", **sent})
    assert reason in page.content.decode()
    assert not ApiToken.objects.exists()


def test_pictures_that_visitors_may_see_can_stand_in_other_sites(client, staff, make_artwork):
    work = make_artwork()
    page = f"/artworks/{work.pk}/small.jpg"
    # Before a worker has made it, a placeholder.
    assert client.get(page)["Cross-Origin-Resource-Policy"] == "cross-origin"
    thumbnails.make_thumbnails(work)
    paths = (page, f"/api/artworks/{work.pk}/small.jpg", work.image.url)
    policy = "Cross-Origin-Resource-Policy"
    assert {client.get(path)[policy] for path in paths} == {"cross-origin"}
    client.force_login(staff)
    assert {client.get(path)[policy] for path in paths} == {"cross-origin"}
    work.is_public = False
    work.save()
    assert {client.get(path)[policy] for path in paths} == {"same-site"}


def test_the_script_can_be_checked_or_loaded_as_a_module_from_another_site(client):
    response = client.get("/static/stylesim_app/similar.js")
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "javascript" in response["Content-Type"]
