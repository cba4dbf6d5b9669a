"""The work of a registrar in the admin, in Chromium, with the keyboard: a table, and a record."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect, sync_playwright

from stylesim_app.models import Artwork, IndexEntry, WorkItem

from .visits import ARGUMENTS, CHROMIUM

LIST = "/admin/stylesim_app/artwork/"


@pytest.fixture
def page(live_server, admin_client, monkeypatch):
    """A page of an administrator; its test fails on any error of the console."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    errors = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 390, "height": 800}
        )
        cookie = admin_client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
    assert errors == []


def test_a_table_is_exported_edited_and_imported_and_a_record_waits(page, collection):
    work = collection["disc-a"]
    page.goto(f"{LIST}?q=disc-a")
    page.get_by_role("link", name="Export a table").click()
    expect(page.get_by_text("1 work is exported")).to_be_visible()
    page.get_by_label("Format").select_option("CSV")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").press("Enter")
    text = download.value.path().read_text("utf-8-sig")
    edited = text.replace("disc-a", "New title")
    page.goto(f"{LIST}import/")
    file = {"name": "works.csv", "mimeType": "text/csv", "buffer": edited.encode()}
    page.get_by_label("Table").set_input_files(file)
    page.get_by_role("button", name="Show changes").press("Enter")
    expect(page.get_by_role("status").filter(has_text="1 work changes")).to_be_visible()
    expect(page.locator("ins")).to_have_text("New title")
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) <= 0
    assert Artwork.objects.get(pk=work.pk).title == "disc-a"
    page.get_by_role("button", name="Confirm import").press("Enter")
    expect(page.get_by_text("1 work was changed.")).to_be_visible()
    assert Artwork.objects.get(pk=work.pk).title == "New title"

    entries = IndexEntry.objects.filter(artwork=work)
    entries.update(state=WorkItem.State.PENDING)
    page.goto(f"{LIST}{work.pk}/change/")
    page.get_by_label("Medium").fill("half written")
    entries.update(state=WorkItem.State.INDEXED)
    expect(page.get_by_text("Indexing has finished.")).to_be_visible(timeout=20_000)
    expect(page.locator("#stylesim-facts .stylesim-indexed")).to_be_visible()
    expect(page.get_by_label("Medium")).to_have_value("half written")
