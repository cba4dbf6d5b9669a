"""The admin as used by staff, in Chromium: two languages, two widths, both themes.

The screenshots are left in ``tests/screenshots``.
"""

from __future__ import annotations

import re
from typing import Literal

import pytest
from django.db import connections
from playwright.sync_api import Page, expect, sync_playwright

from stylesim_app.index import upkeep
from stylesim_app.models import Artwork, IndexEntry
from tests import pictures

from .visits import ARGUMENTS, CHROMIUM, SCREENSHOTS, violations

VARIANTS: dict[str, tuple[str, int, Literal["light", "dark"]]] = {
    "en-1280-light": ("en", 1280, "light"),
    "en-390-dark": ("en", 390, "dark"),
    "zh-1280-dark": ("zh-CN", 1280, "dark"),
    "zh-390-light": ("zh-CN", 390, "light"),
}
WITHOUT_LABEL = """() => [...document.querySelectorAll(
        '#content input:not([type=hidden]):not([type=submit]), #content select')]
    .filter(field => !field.labels.length && !field.ariaLabel).map(field => field.name)"""
BROKEN_PICTURES = """() => [...document.querySelectorAll('#content img')]
    .filter(picture => picture.complete && !picture.naturalWidth).map(picture => picture.src)"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


#: The walk goes one of these ways every day, and the others before a release.
EVERY_DAY = "zh-390-light"


@pytest.fixture(
    params=[
        pytest.param(name, marks=() if name == EVERY_DAY else pytest.mark.release)
        for name in VARIANTS
    ]
)
def variant(request) -> str:
    return request.param


@pytest.fixture
def page(variant, live_server, collection, staff, monkeypatch, settings):
    """A page on which staff have logged in; its test fails on any error of the console."""
    # Playwright's own event loop runs in this thread; it is no request that is served.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    language, width, theme = VARIANTS[variant]
    errors = []

    def note(line):
        if line.type == "error":
            errors.append(line.text)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(
            base_url=live_server.url,
            locale=language,
            viewport={"width": width, "height": 900},
            color_scheme=theme,
        )
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto("/admin/login/?next=/admin/stylesim_app/artwork/")
        page.fill("#id_username", "staff")
        page.fill("#id_password", "staff")
        page.keyboard.press("Enter")
        # From its beginning, for the login page's address ends in this one.
        page.wait_for_url("/admin/stylesim_app/artwork/")
        yield page
        browser.close()
        # Connections that were opened under Playwright's event loop are seen only there.
        connections.close_all()
    assert errors == []


def look(page: Page, variant: str, name: str) -> None:
    """Check what every page must keep, and take its picture."""
    page.wait_for_load_state("networkidle")
    assert page.evaluate(OVERFLOW) == 0
    assert page.evaluate(WITHOUT_LABEL) == []
    assert page.evaluate(BROKEN_PICTURES) == []
    assert violations(page) == []
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"admin-{name}-{variant}.png", full_page=True)


def test_a_form_with_a_wrong_value_keeps_its_file(page, tmp_path):
    upload = tmp_path / "upload.png"
    upload.write_bytes(pictures.png("disc-a", (120, 90)))
    page.goto("/admin/stylesim_app/artwork/add/")
    page.set_input_files("#id_image", upload)
    for _ in range(2):
        # The title is missing.
        page.click("[name=_save]")
        expect(page.locator(".errornote")).to_be_visible()
        page.wait_for_function("() => document.querySelector('#id_image').files.length === 1")
    page.fill("#id_title", "kept")
    page.click("[name=_save]")
    page.wait_for_url("/admin/stylesim_app/artwork/")
    assert Artwork.objects.get(title="kept").image.size == upload.stat().st_size
    # Nothing is left for the next form.
    page.goto("/admin/stylesim_app/artwork/add/")
    page.click("[name=_save]")
    expect(page.locator(".errornote")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("() => document.querySelector('#id_image').files.length") == 0


def test_upload_rank_and_choose_weights(page, variant, run_worker, tmp_path):
    upload = tmp_path / "upload.png"
    upload.write_bytes(pictures.png("disc-a", (120, 90)))
    language = "en" if variant.startswith("en") else "zh-hans"
    assert page.locator("html").get_attribute("lang") == language

    page.goto("/admin/stylesim_app/artwork/add/")
    page.fill("#id_title", "upload")
    page.set_input_files("#id_image", upload)
    page.click("[name=_continue]")
    expect(page.locator(".stylesim-pending")).to_be_visible()
    expect(page.locator(".stylesim-results")).to_have_count(0)

    run_worker()
    page.reload()
    expect(page.locator(".stylesim-indexed")).to_be_visible()
    results = page.locator(".stylesim-results > li")
    expect(results).to_have_count(10)
    expect(results.first).to_contain_text("disc-a")
    look(page, variant, "record")

    # On to the record of the nearest work, by keyboard.
    results.first.locator("> a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#id_title")).to_have_value("disc-a")

    page.goto("/admin/stylesim_app/artwork/")
    expect(page.locator(".stylesim-thumbnail")).to_have_count(13)
    look(page, variant, "list")
    for row in (0, 1):
        page.locator("input.action-select").nth(row).check()
    page.select_option("select[name=action]", "find_similar_works")
    page.locator(".actions button").click()
    page.wait_for_url("**/similar/table/?ids=*")
    look(page, variant, "table")
    page.goto(page.url.replace("/similar/table/", "/similar/"))
    sections = page.locator(".stylesim-section")
    expect(sections).to_have_count(2)
    look(page, variant, "similar")

    # The first button has the focus and the arrow goes to the next, as in any group of them.
    page.locator("[name=preset][value=style]").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=preset][value=content]")).to_be_checked()
    page.fill("[name=limit]", "3")
    page.keyboard.press("Enter")
    page.wait_for_url("**preset=content**")
    expect(sections.first.locator("li")).to_have_count(3)
    expect(page.locator("[name=preset][value=content]")).to_be_checked()
    expect(page.locator("[name=limit]")).to_have_value("3")

    # Another lane has no presets, but keeps the one that was chosen.
    upkeep.maintain(60, idle=True)
    page.select_option("[name=lane]", "content")
    page.click("button.default")
    page.wait_for_url("**lane=content**")
    expect(sections.first.locator("li")).to_have_count(3)
    expect(page.locator("[type=radio][name=preset]")).to_have_count(0)
    look(page, variant, "similar-lane")
    page.select_option("[name=lane]", "measure")
    page.click("button.default")
    expect(page.locator("[name=preset][value=content]")).to_be_checked()

    page.locator("summary").first.click()
    page.locator("[name=preset][value=custom]").check()
    page.fill("[name=style_weight]", "-1")
    page.click("button.default")
    expect(page.locator(".errorlist")).to_be_visible()
    expect(sections).to_have_count(0)
    look(page, variant, "own-weights")


def test_part_that_is_compared_is_drawn(page, variant, collection):
    work = Artwork.objects.order_by("pk").first()
    page.goto(f"/admin/stylesim_app/artwork/{work.pk}/surroundings/")
    picture = page.locator("stylesim-region")
    picture.scroll_into_view_if_needed()
    frame = picture.bounding_box()
    page.mouse.move(frame["x"] + 0.1 * frame["width"], frame["y"] + 0.2 * frame["height"])
    page.mouse.down()
    page.mouse.move(frame["x"] + 0.7 * frame["width"], frame["y"] + 0.9 * frame["height"])
    page.mouse.up()
    expect(page.locator("[name=choice][value=chosen]")).to_be_checked()
    assert float(page.input_value("#id_width")) == pytest.approx(0.6, abs=0.02)
    before = float(page.input_value("#id_left"))
    page.keyboard.press("ArrowRight")
    assert float(page.input_value("#id_left")) == pytest.approx(before + 0.02, abs=1e-3)
    page.fill("#id_top", "0.25")
    expect(picture.locator("polygon")).to_have_attribute("points", re.compile(r"^[\d.]+,0\.25 "))
    look(page, variant, "part")
    page.locator("[data-choose=none]").click()
    expect(page.locator("[name=choice][value=none]")).to_be_checked()
    expect(page.locator("#id_width")).to_have_value("1")
    page.locator("[data-choose=automatic]").click()
    expect(page.locator("[name=choice][value=automatic]")).to_be_checked()
    page.locator("[data-choose=none]").click()
    page.locator(".submit-row input").click()
    page.wait_for_url("**/change/")
    assert IndexEntry.objects.get(artwork=work).chosen_box == [0, 0, 1, 1]
