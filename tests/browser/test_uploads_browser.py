"""Uploads of many files and searches by one, in Chromium: what is chosen is never lost."""

from __future__ import annotations

import base64
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from stylesim_app.models import Artwork
from tests import pictures

DROP = """async ([selector, files]) => {
    const transfer = new DataTransfer();
    for (const [name, content] of files) {
        const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
        const type = name.endsWith('.png') ? 'image/png' : '';
        transfer.items.add(new File([bytes], name, { type }));
    }
    const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
    document.querySelector(selector).dispatchEvent(new DragEvent('drop', options));
}"""


def drop(page, files):
    """Drop files, name and bytes, as a hand would."""
    encoded = [[name, base64.b64encode(content).decode()] for name, content in files]
    page.evaluate(DROP, ["[data-drop]", encoded])


def plain(number):
    """A small picture that no other number gives."""
    return pictures.encode(Image.new("RGB", (24, 18), (number, 255 - number, 90)))


@pytest.fixture
def sixty(collection):
    """Sixty files, of which three are broken and two are in the collection."""
    good = [(f"plate {number}.png", plain(number)) for number in range(1, 56)]
    broken = [("cut.png", plain(99)[:-30]), ("words.png", b"no picture"), ("empty.png", b"")]
    known = [("again.png", pictures.png("disc-a")), ("once more.png", pictures.png("bars-a"))]
    return [*good[:20], *broken, *good[20:], *known]


def test_sixty_files_are_dropped_at_once(open_browser, sixty, staff):
    visit = open_browser()
    page = visit.page
    visit.log_in("/upload/")
    before = Artwork.objects.count()
    visit.mark()
    # The first answer is that of a site that is busy.
    busy = {"status": 429, "headers": {"Retry-After": "1"}, "body": "busy"}
    page.route(re.compile("/upload/$"), lambda route: route.fulfill(**busy), times=1)
    drop(page, sixty)
    rows = page.locator(".uploads-file")
    expect(rows).to_have_count(60)
    visit.look("uploads-chosen")
    page.fill("[name=artist]", "Somebody")
    page.fill("[name=collection]", "Prints")
    # A title and a number are those of one work.
    for name in ("title", "accession_number"):
        expect(page.locator(f"[name={name}]")).to_be_hidden()
    page.locator("[data-submit]").click()

    status = page.get_by_role("status")
    expect(status).to_contain_text(
        "Finished. Added: 55. Already in the collection: 2. Not added: 3.", timeout=120_000
    )
    assert visit.is_same_document()
    assert Artwork.objects.count() == before + 55
    added = Artwork.objects.filter(artist="Somebody", collection="Prints")
    assert {work.title for work in added} == {f"plate {number}" for number in range(1, 56)}
    reasons = page.locator(".is-refused .uploads-said, .is-known .uploads-said")
    expect(reasons).to_have_count(5)
    expect(page.locator(".is-known a")).to_have_text(["disc-a", "bars-a"])
    visit.look("uploads-finished")

    # A file that is known is added when somebody wants it.
    page.get_by_role("button", name="Add it anyway: again.png").click()
    expect(status).to_contain_text("Added: 56. Already in the collection: 1.")
    assert Artwork.objects.count() == before + 56


def test_a_wrong_value_loses_no_file(open_browser, staff):
    visit = open_browser(width=390, theme="dark")
    page = visit.page
    visit.log_in("/upload/")
    visit.mark()
    drop(page, [("one.png", plain(1))])
    expect(page.locator(".drop-preview")).to_be_visible()
    page.locator("[data-submit]").click()
    expect(page.locator("[name=title]")).to_be_focused()
    expect(page.locator(".errorlist")).to_have_text(["This field is required."])
    # Read out with the field that has the focus.
    title = page.get_by_role("textbox", name="Title")
    expect(title).to_have_attribute("aria-invalid", "true")
    expect(title).to_have_accessible_description(re.compile("This field is required."))
    # A browser keeps to the longest value that the page names; a script does not.
    page.evaluate("document.querySelector('[name=year]').removeAttribute('maxlength')")
    page.fill("[name=year]", "9" * 200)
    page.fill("[name=title]", "One")
    page.locator("[data-submit]").click()
    expect(page.locator("[name=year]")).to_be_focused()
    expect(page.locator(".errorlist")).to_contain_text("at most 100 characters")
    visit.look("upload-corrected")

    drop(page, [("two.png", plain(2))])
    page.locator("[data-submit]").click()
    expect(page.locator(".errorlist")).to_contain_text("at most 100 characters")
    expect(page.locator(".is-waiting")).to_have_count(2)
    page.fill("[name=year]", "1889")
    page.locator("[data-submit]").click()
    expect(page.get_by_role("status")).to_contain_text("Finished. Added: 2.")
    assert visit.is_same_document()
    assert set(Artwork.objects.values_list("title", "year")) == {("one", "1889"), ("two", "1889")}


def test_a_search_takes_exactly_one_picture(open_browser, collection):
    visit = open_browser()
    page = visit.page
    page.goto("/search/")
    drop(page, [("one.png", plain(1)), ("two.png", plain(2))])
    expect(page.locator(".errorlist")).to_contain_text("Choose one picture only; 2 were dropped")
    expect(page.locator(".drop-preview")).to_be_hidden()
    visit.look("search-by-two")
    page.locator("[data-submit]").click()
    expect(page.locator(".errorlist")).to_have_text(["Choose a picture first."])
    drop(page, [("one.png", plain(1))])
    expect(page.locator(".drop-preview")).to_be_visible()
    page.locator("[data-submit]").click()
    page.wait_for_url("/search/*/")
