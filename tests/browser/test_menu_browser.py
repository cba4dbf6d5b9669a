"""The head of the pages: a row of links on wide windows, and a menu on narrow ones."""

from __future__ import annotations

from playwright.sync_api import expect


def test_the_menu_is_one_row_and_opens_by_keyboard(open_browser, collection):
    visit = open_browser("en", 390, "light")
    page = visit.page
    page.goto("/")
    assert page.locator(".site-header").bounding_box()["height"] < 80
    menu, link = page.locator(".site-menu > summary"), page.get_by_role("link", name="Sign in")
    expect(link).to_be_hidden()
    menu.focus()
    page.keyboard.press("Enter")
    expect(link).to_be_visible()
    visit.look("menu-open")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Gallery")).to_be_focused()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(menu).to_be_focused()
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(menu).to_be_hidden()
    expect(link).to_be_visible()
