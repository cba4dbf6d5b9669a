"""The lanes as tabs, and a box drawn on a picture by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from stylesim_app import tasks
from tests import pictures, same_pictures

from .visits import every_day_in, open_control

#: The pictures in the four quarters of a collage.
QUARTERS = ("disc-a", "bars-b", "cross-c", "corner-b")
SIDE = 240
LANES = ("same_picture", "artist_style", "content", "regions", "measure")


def draw_collage():
    collage = Image.new("RGB", (2 * SIDE, 2 * SIDE))
    for number, name in enumerate(QUARTERS):
        part = pictures.draw(name).convert("RGB").resize((SIDE, SIDE))
        collage.paste(part, (number % 2 * SIDE, number // 2 * SIDE))
    return collage


@pytest.fixture
def collage(collection):
    work = same_pictures.upload(draw_collage(), "collage", artist="Artist A")
    tasks.ring_again()
    return work


def drag(page, left, top, right, bottom):
    """Drag a box over shares of the picture."""
    picture = page.locator("stylesim-region")
    picture.scroll_into_view_if_needed()
    frame = picture.bounding_box()

    def point(x, y):
        return frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]

    page.mouse.move(*point(left, top))
    page.mouse.down()
    page.mouse.move(*point((left + right) / 2, (top + bottom) / 2))
    page.mouse.move(*point(right, bottom))
    page.mouse.up()


def press(page, key, times):
    for _ in range(times):
        page.keyboard.press(key)


def expect_first(page, title):
    expect(page.locator(".ranked .work-title a").first).to_have_text(title)


def expect_box(page, left, top, right, bottom):
    """Expect the outline on the picture at these shares, to a hundredth."""
    points = page.locator("stylesim-region polygon").get_attribute("points")
    numbers = [float(number) for number in re.split("[ ,]", points)]
    assert [numbers[0], numbers[1], numbers[4], numbers[5]] == pytest.approx(
        [left, top, right, bottom], abs=0.01
    )


@every_day_in(("en", 1280, "light"))
def test_every_lane_is_a_tab_that_keeps_filters_and_weights(visit, collage):
    page = visit.page
    page.goto(f"/artworks/{collage.pk}/?limit=6&preset=style")
    expect(page.locator(".lanes a")).to_have_count(len(LANES))
    for lane in LANES:
        page.locator(f".lanes a[href*='lane={lane}']").click()
        page.wait_for_url(f"**lane={lane}**")
        expect(page.locator(".lanes [aria-current=page]")).to_have_count(1)
        expect(page.locator("[name=limit]")).to_have_value("6")
        visit.look(f"lane-{lane}")
    expect(page.locator("[name=preset][value=style]")).to_be_checked()


@pytest.mark.release
def test_a_tab_keeps_what_was_changed_without_a_reload(open_browser, collage):
    visit = open_browser()
    page = visit.page
    page.goto(f"/artworks/{collage.pk}/?lane=content")
    visit.mark()
    open_control(page)
    page.locator("[name=limit]").fill("3")
    page.keyboard.press("Enter")
    page.wait_for_url("**limit=3**")
    expect(page.locator(".ranked .work")).to_have_count(3)
    assert visit.is_same_document()
    tab = page.get_by_role("link", name="Similar style")
    expect(tab).to_have_attribute("href", re.compile("limit=3"))
    tab.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**lane=artist_style**")
    expect(page.locator(".ranked .work")).to_have_count(3)
    open_control(page)
    page.locator(".control-more summary").first.click()
    page.locator("#layer-relu5_1").focus()
    page.keyboard.press("Home")
    page.wait_for_url("**layer_weights=0&**")
    expect(page.locator(".provenance")).to_contain_text("relu5_1 0 ·")


@every_day_in(("zh-hans", 390, "light"))
def test_a_box_drawn_finds_where_the_detail_is_from(visit, collage):
    page = visit.page
    page.goto(f"/artworks/{collage.pk}/?lane=regions&limit=4")
    visit.mark()
    drag(page, 0.52, 0.02, 0.98, 0.48)
    page.wait_for_url("**region=**")
    expect_first(page, "bars-b")
    expect_box(page, 0.52, 0.02, 0.98, 0.48)
    expect(page.locator("[data-region-status]")).to_contain_text("46%")
    visit.look("region-drawn")
    # A box from the bottom right to the top left, and a click, which changes nothing.
    drag(page, 0.48, 0.98, 0.02, 0.52)
    expect_first(page, "cross-c")
    drag(page, 0.7, 0.7, 0.7, 0.7)
    expect_box(page, 0.02, 0.52, 0.48, 0.98)
    page.locator("[data-region-clear]").click()
    expect(page).not_to_have_url(re.compile("region="))
    expect(page.locator("stylesim-region polygon")).to_have_attribute("points", "")
    expect(page.locator("[data-region-clear]")).to_be_hidden()
    assert visit.is_same_document()
    # From its address, the box is on the picture again.
    page.goto(f"/artworks/{collage.pk}/?lane=regions&limit=4&region=0.02,0.52,0.46,0.46")
    expect_first(page, "cross-c")
    expect_box(page, 0.02, 0.52, 0.48, 0.98)


def test_a_box_is_drawn_by_keyboard_alone(open_browser, collage):
    visit = open_browser()
    page = visit.page
    page.goto(f"/artworks/{collage.pk}/?lane=regions&limit=4")
    visit.mark()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.matches('stylesim-region')"):
            break
    picture = page.get_by_role("application", name="Region to search for")
    expect(picture).to_be_focused()
    expect(picture).to_have_accessible_description(re.compile("arrow keys move the box"))
    said = page.locator("[data-region-status]")
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text("Box: left 25%, top 25%, width 50%, height 50%. ")
    press(page, "-", 2)
    press(page, "ArrowRight", 20)
    press(page, "ArrowUp", 20)
    # It stays within the picture.
    expect(said).to_have_text("Box: left 54%, top 0%, width 46%, height 46%. ")
    press(page, "Shift+ArrowLeft", 1)
    press(page, "Shift+ArrowDown", 1)
    expect(said).to_have_text("Box: left 54%, top 0%, width 44%, height 48%. ")
    page.keyboard.press("Enter")
    page.wait_for_url("**region=**")
    expect_first(page, "bars-b")
    expect(picture).to_be_focused()
    expect(said).to_contain_text("Searched for this box.")
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("region="))
    expect(said).to_have_text(re.compile("^No box"))
    assert visit.is_same_document()


@pytest.mark.release
def test_a_box_is_drawn_by_touch(open_browser, collage):
    page = open_browser(width=390, has_touch=True, is_mobile=True).page
    page.goto(f"/artworks/{collage.pk}/?lane=regions&limit=4")
    frame = page.locator("stylesim-region").bounding_box()
    touch = page.context.new_cdp_session(page)
    for kind, share in (("Start", 0.54), ("Move", 0.7), ("Move", 0.96), ("End", None)):
        # Across and down, in the top right quarter.
        points = (
            []
            if share is None
            else [
                {
                    "x": frame["x"] + share * frame["width"],
                    "y": frame["y"] + (share - 0.5) * frame["height"],
                }
            ]
        )
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    page.wait_for_url("**region=**")
    expect_first(page, "bars-b")
    expect_box(page, 0.54, 0.04, 0.96, 0.46)


@pytest.mark.release
def test_four_numbers_do_without_scripts(open_browser, collage):
    page = open_browser(width=390, java_script_enabled=False).page
    page.goto(f"/artworks/{collage.pk}/?lane=regions&limit=4")
    open_control(page)
    page.locator(".control-more summary").first.click()
    for side, share in (("left", 0.52), ("top", 0.02), ("width", 0.46), ("height", 0.46)):
        page.locator(f"#region-{side}").fill(str(share))
    page.locator(".control [type=submit]").click()
    expect_first(page, "bars-b")
    expect_box(page, 0.52, 0.02, 0.98, 0.48)
    page.locator("[data-region-clear]").click()
    expect(page).not_to_have_url(re.compile("region="))


@every_day_in(("en", 390, "dark"))
def test_a_box_on_a_searched_image(visit, collage, tmp_path):
    draw_collage().save(tmp_path / "collage.png")
    page = visit.page
    page.goto("/search/")
    page.set_input_files("[name=image]", tmp_path / "collage.png")
    page.locator("main [type=submit]").click()
    expect(page.locator("#similar [data-poll]")).to_be_visible()
    page.locator(".lanes a[href*='lane=regions']").click()
    expect(page.locator("#similar [data-poll]")).to_be_visible()
    tasks.ring_again()
    expect(page.locator(".ranked .work").first).to_be_visible()
    # The preview came without a reload, and can be drawn on.
    drag(page, 0.02, 0.02, 0.48, 0.48)
    page.wait_for_url("**region=**")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    # The collage itself is in the collection.
    expect_first(page, "collage")
    visit.look("region-search")


def test_nothing_is_wider_than_a_narrow_window(open_browser, collage):
    page = open_browser(width=320).page
    for lane in LANES:
        page.goto(f"/artworks/{collage.pk}/?lane={lane}")
        overflow = "() => document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(overflow) <= 0, lane
