"""Facets of the gallery by keyboard and on narrow windows, and the documentation of the API."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


def test_facets_narrow_the_gallery_by_keyboard(open_browser, collection):
    visit = open_browser("en", 1280, "light")
    page = visit.page
    page.goto("/?q=a")
    facet = page.locator(".facet", has_text="Artist")
    expect(facet.get_by_role("link")).to_have_count(3)
    facet.get_by_role("link", name="Artist B").focus()
    page.keyboard.press("Enter")
    chosen = page.locator(".facet a[aria-current]")
    expect(chosen).to_contain_text("Artist B")
    expect(page.locator(".works > li")).to_have_count(4)
    visit.look("facets")
    # What was typed stays, and both are removed one by one.
    page.get_by_label("Search titles").fill("disc")
    page.keyboard.press("Enter")
    expect(page.locator(".works > li")).to_have_count(1)
    page.get_by_role("link", name="Remove filter: Artist: Artist B").click()
    expect(page.locator(".works > li")).to_have_count(3)
    facet.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(facet.get_by_role("link").first).to_be_hidden()


@pytest.mark.release
def test_facets_are_folded_on_a_narrow_window(open_browser, collection):
    visit = open_browser("en", 390, "dark")
    page = visit.page
    page.goto("/")
    link = page.get_by_role("link", name="Artist A 4 works")
    expect(link).to_be_hidden()
    page.locator(".facets > summary").click()
    expect(link).to_be_visible()
    visit.look("facets-open")
    link.click()
    expect(page.locator(".active-filters")).to_contain_text("Artist A")
    expect(page.locator(".facets > summary")).to_be_visible()
    expect(page.locator(".facet-groups")).to_be_hidden()


@pytest.mark.release
def test_the_documentation_of_the_api_is_part_of_the_site(open_browser, db):
    page = open_browser("zh-hans", 320, "dark").page
    page.goto("/api/docs/", wait_until="networkidle")
    expect(page.locator("html")).to_have_class("dark-mode")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")
    expect(page.locator("#swagger-ui")).to_have_attribute("lang", "en")
    expect(page.locator("#swagger-ui h1")).to_have_attribute("aria-level", "2")
    operation = page.locator("[id$=getToken]")
    operation.locator("button.opblock-summary-control").click()
    expect(operation.locator("pre.microlight").first).to_have_attribute("tabindex", "0")
    assert page.locator(".opblock-summary-control a[href]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    page.locator(".docs-header a").first.click()
    page.wait_for_url("**/")
    expect(page.locator(".works, .empty").first).to_be_visible()
