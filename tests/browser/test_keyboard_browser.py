"""Files that are chosen with nothing but the keyboard: a picture replaced, and many uploaded."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from stylesim_app.models import Artwork
from tests import pictures
from tests.admin_pages import LIST

from .visits import sign_in, tab_to

pytestmark = pytest.mark.release


def choose_files(page, selector, files, key="Enter"):
    """Open the file chooser of a control that Tab reaches."""
    tab_to(page, selector)
    with page.expect_file_chooser() as chooser:
        page.keyboard.press(key)
    chooser.value.set_files(files)


def picture_files(*names):
    return [
        {"name": f"{each}.png", "mimeType": "image/png", "buffer": pictures.png(each, (120, 90))}
        for each in names
    ]


@pytest.fixture
def page(open_browser, staff, staff_client, live_server):
    page = open_browser(width=390).page
    sign_in(page, staff_client, live_server)
    return page


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_a_picture_is_replaced_by_keyboard(page, collection, key):
    work = collection["disc-a"]
    page.goto(f"{LIST}?q=disc-a")
    tab_to(page, "#result_list tbody a[href*='/change/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/**")
    [file] = picture_files("bars-b")
    choose_files(page, "[name=image]", file, key)
    tab_to(page, "[name=_save]")
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist .success")).to_be_visible()
    before = work.image.name
    work.refresh_from_db()
    assert work.image.name != before
    assert work.image.read() == file["buffer"]


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_files_are_uploaded_by_keyboard(page, collection, key):
    before = Artwork.objects.count()
    page.goto("/upload/")
    choose_files(page, "[type=file]", picture_files("disc-a", "bars-b", "corner-c"), key)
    expect(page.locator(".uploads-file")).to_have_count(3)
    tab_to(page, ".is-waiting button")
    page.keyboard.press(key)
    expect(page.locator(".uploads-file")).to_have_count(2)
    tab_to(page, "[name=artist]")
    page.keyboard.type("Somebody")
    tab_to(page, "[data-submit]")
    page.keyboard.press(key)
    expect(page.get_by_role("status")).to_contain_text("Finished. Added: 2.")
    assert Artwork.objects.count() == before + 2
    assert Artwork.objects.filter(artist="Somebody").count() == 2
