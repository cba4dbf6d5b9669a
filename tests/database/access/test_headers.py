"""Headers of answers: what a page may load, who may keep it, and what a browser may do."""

from __future__ import annotations

import re

import pytest
from django.http import HttpResponse

from stylesim_app.collection import thumbnails
from stylesim_app.middleware import NoStoreMiddleware

PUBLIC = ("/", "/search/", "/accounts/login/", "/admin/login/", "/api/", "/api/docs/", "/nothing/")
STAFF = ("/", "/upload/", "/accounts/tokens/", "/admin/", "/api/", "/api/artworks/", "/api/docs/")


@pytest.mark.parametrize("address", PUBLIC)
def test_each_page_says_what_it_may_load_and_use(client, db, address):
    response = client.get(address, headers={"accept": "text/html"})
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in response["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("address", PUBLIC)
def test_no_page_has_inline_scripts_or_styles(client, db, address):
    text = client.get(address, headers={"accept": "text/html"}).content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]+src=)", text)


def test_the_script_of_the_documentation_has_an_address_of_its_own(client, db):
    page = client.get("/api/docs/", headers={"accept": "text/html"}).content.decode()
    [address] = re.findall(r'<script src="([^"]*script=)"', page)
    response = client.get(address)
    assert response["Content-Type"].startswith("application/javascript")
    assert "/api/schema/" in response.content.decode()


@pytest.mark.parametrize("address", STAFF)
def test_nobody_keeps_what_is_shown_to_an_account(admin_client, address):
    response = admin_client.get(address, headers={"accept": "text/html, */*"})
    assert response.status_code == 200
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))


def test_what_anyone_may_see_can_be_kept(client, db):
    assert not client.get("/").has_header("Cache-Control")


def test_pictures_keep_the_times_that_they_set(staff_client, make_artwork):
    work = make_artwork()
    thumbnails.make_thumbnails(work)
    response = staff_client.get(f"/artworks/{work.pk}/small.jpg")
    assert response["Cache-Control"] == "private, max-age=0"


def test_without_accounts_nothing_is_changed(rf):
    response = NoStoreMiddleware(lambda _request: HttpResponse())(rf.get("/"))
    assert not response.has_header("Cache-Control")
