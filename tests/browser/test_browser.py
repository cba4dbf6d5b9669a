"""The pages as used by visitors and staff, in Chromium: two languages, two widths, both themes."""

from __future__ import annotations

import pytest
from PIL import ImageOps
from playwright.sync_api import expect

from stylesim_app import tasks
from stylesim_app.models import Artwork
from tests import pictures
from tests.unit.same_picture import drawn

from .visits import every_day_in, open_control


@every_day_in(("en", 1280, "light"), ("zh-hans", 390, "light"))
def test_from_the_gallery_to_works_that_look_alike(visit, collection):
    page = visit.page
    page.goto("/")
    expect(page.locator(".works .work")).to_have_count(12)
    visit.look("gallery")
    page.fill("[name=q]", "disc")
    page.keyboard.press("Enter")
    expect(page.locator(".works .work")).to_have_count(3)
    page.get_by_role("link", name="disc-a").click()

    expect(page.locator("h1")).to_have_text("disc-a")
    ranked = page.locator(".ranked .work")
    expect(ranked).to_have_count(10)
    visit.look("artwork")
    visit.mark()
    before = ranked.locator(".work-title").all_text_contents()
    visit.choose("content")
    assert ranked.locator(".work-title").all_text_contents() != before
    assert visit.is_same_document()

    # Custom weights begin with those of the preset.
    visit.choose("custom")
    expect(page.locator("[name=content_weight]")).to_have_value("1")
    page.locator(".control-more summary").first.click()
    page.locator("#layer-relu5_1").focus()
    page.keyboard.press("Home")
    page.wait_for_url("**layer_weights=0&**")
    expect(page.locator(".layer output").last).to_have_text("0")
    visit.look("own-weights")
    assert visit.is_same_document()

    page.keyboard.press("Escape")
    expect(page.locator(".control-fold > summary")).to_be_focused()
    first = ranked.first.locator(".work-title a")
    title = first.text_content()
    first.click()
    expect(page.locator("h1")).to_have_text(title)
    assert "preset=custom" in page.url


@every_day_in(("zh-hans", 390, "light"))
def test_an_upload_is_ranked_without_a_reload(visit, collection, staff, picture):
    page = visit.page
    visit.log_in("/upload/")
    page.set_input_files("[name=image]", picture)
    expect(page.locator(".drop-preview")).to_be_visible()
    visit.look("upload")
    page.fill("[name=artist]", "Somebody")
    page.locator("main [type=submit]").click()
    expect(page.locator(".errorlist")).to_have_count(1)
    expect(page.locator("[name=artist]")).to_have_value("Somebody")
    visit.look("upload-refused")
    page.set_input_files("[name=image]", picture)
    page.fill("[name=title]", "A new work")
    page.locator("main [type=submit]").click()

    expect(page.locator("h1")).to_have_text("A new work")
    expect(page.locator("[data-poll]")).to_be_visible()
    visit.look("artwork-waiting")
    visit.mark()
    tasks.ring_again()
    ranked = page.locator(".ranked .work")
    expect(ranked).to_have_count(10, timeout=20_000)
    expect(ranked.first.locator(".work-title a")).to_have_text("disc-a")
    assert visit.is_same_document()
    visit.look("artwork-staff")


#: Notes what is written into the part that is announced, but not that it was put into the page.
LISTEN = """() => {
    window.said = [];
    new MutationObserver(changes => {
        for (const { target } of changes) {
            if (target.id === 'results-status') window.said.push(target.textContent);
        }
    }).observe(document.body, { childList: true, subtree: true });
}"""


@every_day_in(("en", 390, "dark"))
def test_a_search_by_image_is_ranked_without_a_reload(visit, collection, picture):
    page = visit.page
    page.goto("/search/")
    page.set_input_files("[name=image]", picture)
    visit.look("search")
    page.locator("main [type=submit]").click()
    expect(page.get_by_role("status").and_(page.locator("[data-poll]"))).to_be_visible()
    visit.look("search-waiting")
    visit.mark()
    page.evaluate(LISTEN)
    tasks.ring_again()
    ranked = page.locator(".ranked .work")
    expect(ranked).to_have_count(10, timeout=20_000)
    expect(ranked.first.locator(".work-title a")).to_have_text("disc-a")
    page.wait_for_function("() => window.said.at(-1)?.includes('10')")
    expect(page.locator("#results-status")).to_have_role("status")
    expect(page.locator(".query img")).to_be_visible()
    assert visit.is_same_document()
    visit.choose("style")
    visit.look("search-results")


@every_day_in(("zh-hans", 390, "light"))
def test_the_same_picture_is_outlined_on_both(visit, matched_works, tmp_path):
    (original, *_), copy = matched_works
    framed = ImageOps.expand(drawn.draw(0), border=(90, 60), fill="#8a8378")
    framed.save(tmp_path / "framed.png")
    page = visit.page
    page.goto("/search/")
    page.set_input_files("[name=image]", tmp_path / "framed.png")
    page.locator("main [type=submit]").click()
    expect(page.locator("#similar [data-poll]")).to_be_visible()
    tasks.ring_again()
    pairs = page.locator(".same-picture .pair")
    expect(pairs).to_have_count(2, timeout=20_000)
    expect(pairs.first.locator("polygon")).to_have_count(2)
    expect(pairs.first.locator(".pair-title a")).to_have_text(original.title)
    visit.look("same-picture-search")
    page.keyboard.press("Tab")
    pairs.nth(1).locator(".pair-title a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"/artworks/{copy.pk}/")
    expect(page.locator(".same-picture .pair-title a")).to_have_text(original.title)
    visit.look("same-picture-artwork")


@pytest.mark.release
def test_a_work_indexed_again_says_when_it_is_done(open_browser, collection, staff):
    visit = open_browser()
    page = visit.page
    visit.log_in(f"/artworks/{collection['disc-a'].pk}/")
    page.locator(".actions [type=submit]").click()
    expect(page.locator("#state [data-poll]")).to_be_visible()
    expect(page.locator(".ranked .work")).to_have_count(10)
    tasks.ring_again()
    expect(page.locator("[data-poll]")).to_have_count(0, timeout=20_000)
    expect(page.locator(".ranked .work")).to_have_count(10)


@pytest.mark.release
def test_all_of_it_works_without_scripts(open_browser, collection):
    page = open_browser(width=390, java_script_enabled=False).page
    page.goto(f"/artworks/{collection['disc-a'].pk}/?preset=custom&style_weight=0&content_weight=1")
    content = page.locator(".ranked .work-title").all_text_contents()
    open_control(page)
    page.locator(".segments label:has([value=style])").click()
    page.locator(".control [type=submit]").click()
    expect(page.locator("[name=preset][value=style]")).to_be_checked()
    assert page.locator(".ranked .work-title").all_text_contents() != content
    expect(page.locator("[name=style_weight]")).to_be_hidden()


def test_all_of_it_works_by_keyboard(open_browser, collection):
    page = open_browser().page
    page.goto(f"/artworks/{collection['disc-a'].pk}/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    tabs = page.locator(".lanes a")
    expected, passed = {"a.enlarge", ".cite summary"}, set()
    for _ in range(12):
        page.keyboard.press("Tab")
        focused = {
            each
            for each in (*expected, ".lanes a")
            if page.evaluate("name => document.activeElement.matches(name)", each)
        }
        if ".lanes a" in focused:
            break
        passed |= focused
    assert passed == expected
    expect(tabs.first).to_be_focused()
    for number in range(1, tabs.count()):
        page.keyboard.press("Tab")
        expect(tabs.nth(number)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(".control-fold > summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("[name=preset][value=paper]")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**preset=style**")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("[name=preset][value=style]")).to_be_focused()
    page.locator(".ranked .work-title a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/artworks/*/?preset=style**")


def test_a_picture_can_be_dropped(open_browser):
    page = open_browser().page
    page.goto("/search/")
    content = list(pictures.png())
    dropped = page.evaluate_handle(
        """content => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([new Uint8Array(content)], 'a.png', { type: 'image/png' }));
            return dropped;
        }""",
        content,
    )
    zone = page.locator("[data-drop]")
    zone.dispatch_event("dragover", {"dataTransfer": dropped})
    expect(zone).to_have_class("drop is-over")
    zone.dispatch_event("drop", {"dataTransfer": dropped})
    expect(zone).to_have_class("drop")
    expect(page.locator(".drop-preview")).to_be_visible()
    assert page.evaluate("() => document.querySelector('[name=image]').files[0].name") == "a.png"


@pytest.mark.release
def test_weights_that_cannot_be_used_are_marked_in_place(open_browser, collection):
    visit = open_browser()
    page = visit.page
    page.goto(f"/artworks/{collection['disc-a'].pk}/")
    open_control(page)
    page.fill("[name=limit]", "1000")
    page.keyboard.press("Enter")
    expect(page.locator(".control-row .errorlist")).to_be_visible()
    visit.look("weights-refused")


@pytest.mark.release
def test_the_language_switch_stays_on_the_page(open_browser, collection):
    page = open_browser().page
    page.goto("/?q=disc")
    page.locator("button[lang=zh-hans]").click()
    page.wait_for_url("**/?q=disc")
    expect(page.locator("html")).to_have_attribute("lang", "zh-hans")


@every_day_in(("zh-hans", 1280, "dark"))
def test_pages_that_say_no(visit, collection):
    page = visit.page
    page.goto("/?q=nothing+like+this")
    visit.look("nothing-found")
    Artwork.objects.all().delete()
    page.goto("/")
    visit.look("empty")
