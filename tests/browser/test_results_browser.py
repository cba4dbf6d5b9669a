"""Results in Chromium: in sight at once, tuned in place, announced, enlarged."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .visits import open_control


@pytest.mark.parametrize(
    ("width", "height"), [(1280, 900), pytest.param(390, 844, marks=pytest.mark.release)]
)
def test_the_first_result_is_in_sight_and_the_control_stays(
    open_browser,
    collection,
    width,
    height,
):
    page = open_browser(width=width).page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"/artworks/{collection['disc-a'].pk}/?limit=50")
    title = page.locator(".ranked .work-title").first.bounding_box()
    assert title["y"] + title["height"] <= height
    control = page.locator(".control-fold > summary")
    page.locator(".ranked .work").last.scroll_into_view_if_needed()
    expect(control).to_be_in_viewport()
    control.press("Enter")
    expect(page.locator(".segments")).to_be_in_viewport()
    control.press("Enter")
    expect(page.locator(".segments")).to_be_hidden()


def test_tuning_replaces_the_address_and_is_announced(open_browser, collection):
    page = open_browser().page
    page.goto("/")
    page.get_by_role("link", name="disc-a").click()
    page.wait_for_url("**/artworks/*/")
    pages = page.evaluate("() => history.length")
    said = page.get_by_role("status")
    open_control(page)
    for preset, words in (("style", "Style only"), ("content", "Content only")):
        page.locator(f".segments label:has([value={preset}])").click()
        page.wait_for_url(f"**preset={preset}**")
        expect(said).to_have_text(f"The paper's measure ({words}): 10 results, nearest first")
        expect(page.locator("#control-choice")).to_contain_text(words)
    assert page.evaluate("() => history.length") == pages
    page.go_back()
    page.wait_for_url("**/")
    expect(page.locator("h1")).to_have_text("Gallery")


def test_a_picture_is_enlarged_by_keyboard_alone(open_browser, collection):
    page = open_browser().page
    page.goto(f"/artworks/{collection['disc-a'].pk}/?limit=2")
    links = page.locator("a[data-enlarge]")
    links.nth(1).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    shown = dialog.locator("img")
    first = page.locator(".ranked .work-title a").first.text_content()
    expect(shown).to_have_attribute("alt", first)
    assert "/large.jpg" in shown.get_attribute("src")
    page.keyboard.press("ArrowRight")
    expect(shown).not_to_have_attribute("alt", first)
    # The focus stays within; between the last button and the first, the browser itself has it.
    focused = set()
    for _ in range(8):
        page.keyboard.press("Tab")
        focused.add(page.evaluate("() => document.activeElement.closest('dialog, body').localName"))
        assert page.evaluate("() => !document.activeElement.matches('a, input, summary')")
    assert "dialog" in focused
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(links.nth(2)).to_be_focused()
