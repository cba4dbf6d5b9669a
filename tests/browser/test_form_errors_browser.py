"""Errors of forms as a screen reader hears them: with the field, or as an alert."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from .visits import sign_in

REQUIRED = "This field is required."


def send(page, button):
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).press("Enter")


def expect_error(field, reason):
    """Expect that a field is announced as wrong, with the reason."""
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(re.escape(reason)))


@pytest.fixture
def plain_page(open_browser):
    """A page without scripts: errors are those that the site sends."""
    return open_browser(java_script_enabled=False).page


def test_sign_in(plain_page, staff):
    page = plain_page
    page.goto("/accounts/login/")
    send(page, "Sign in")
    expect_error(page.get_by_label("Username"), REQUIRED)
    expect_error(page.get_by_label("Password"), REQUIRED)
    page.get_by_label("Username").fill("staff")
    page.get_by_label("Password").fill("wrong")
    send(page, "Sign in")
    expect(page.get_by_role("alert")).to_contain_text("correct username and password")


def test_search_by_image(plain_page, collection):
    page = plain_page
    page.goto("/search/")
    field = page.get_by_label("Image")
    send(page, "Find similar works")
    expect_error(field, REQUIRED)
    field.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    send(page, "Find similar works")
    expect_error(field, "image")


def test_search_by_image_with_scripts(open_browser, collection):
    page = open_browser().page
    page.goto("/search/")
    page.get_by_role("button", name="Find similar works").press("Enter")
    field = page.get_by_label("Image")
    expect_error(field, "Choose a picture first.")
    expect(field).to_be_focused()


def test_sets(plain_page, collection, admin_client, live_server):
    page = plain_page
    sign_in(page, admin_client, live_server)
    page.goto(f"/sets/keep/?works={collection['disc-a'].pk}")
    page.get_by_label("Name").fill(" ")
    send(page, "Save as set")
    expect_error(page.get_by_label("Name"), REQUIRED)
    page.goto("/sets/")
    file = {"name": "a.csv", "mimeType": "text/csv", "buffer": b"id\nunknown\n"}
    page.get_by_label("CSV or XLSX file").set_input_files(file)
    send(page, "Import")
    expect(page.get_by_label("CSV or XLSX file")).to_have_attribute("aria-invalid", "true")


def test_tokens(plain_page, admin_client, live_server):
    page = plain_page
    sign_in(page, admin_client, live_server)
    page.goto("/accounts/tokens/")
    for box in page.get_by_role("group", name="Allowed requests").get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_label("Valid for").select_option("never")
    send(page, "Create token")
    expect_error(page.get_by_label("Name"), REQUIRED)
    expect_error(page.get_by_label("Valid for"), "must expire")
    group = page.get_by_role("group", name="Allowed requests")
    expect(group).to_have_accessible_description("Choose at least one.")
