"""The pages as used by visitors and staff, in Chromium: two languages, two widths, both themes.

The screenshots are left in ``tests/screenshots``. ``CHROMIUM`` names another browser to run.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.db import connections
from PIL import ImageOps
from playwright.sync_api import expect, sync_playwright

from stylesim_app import tasks
from stylesim_app.models import Artwork
from tests import pictures
from tests.unit.same_picture import drawn

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

#: Language, width, theme.
VARIANTS = [
    ("en", 1280, "light"),
    ("en", 390, "dark"),
    ("zh-hans", 1280, "dark"),
    ("zh-hans", 390, "light"),
]


def variant_name(variant):
    return "-".join(map(str, variant))


def every_day_in(*chosen):
    """A walk in some variants every day, and in the others before a release."""
    return pytest.mark.parametrize(
        "visit",
        [
            pytest.param(
                each, id=variant_name(each), marks=() if each in chosen else pytest.mark.release
            )
            for each in VARIANTS
        ],
        indirect=True,
    )


# Each gives what is wrong with the page.
CHECKS = {
    "wider than the window": """() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth > clientWidth ? [scrollWidth] : [];
    }""",
    "pictures without words": "() => [...document.images].filter(i => !i.alt).map(i => i.src)",
    "broken pictures": """() => [...document.images]
        .filter(i => i.complete && !i.naturalWidth).map(i => i.src)""",
    "controls without label": """() => [...document.querySelectorAll('input, select, textarea')]
        .filter(c => c.type !== 'hidden' && !c.labels.length).map(c => c.outerHTML)""",
    "ids that occur twice": """() => [...document.querySelectorAll('[id]')].map(e => e.id)
        .filter((id, index, all) => all.indexOf(id) !== index)""",
    "not one main heading": """() => {
        const found = [...document.querySelectorAll('h1')];
        return found.length === 1 ? [] : found.map(h => h.textContent);
    }""",
    "headings that skip a level": """() => [...document.querySelectorAll('h1, h2, h3, h4')]
        .filter((h, i, all) => i && h.tagName[1] - all[i - 1].tagName[1] > 1)
        .map(h => h.textContent)""",
    # WCAG 2, 1.4.3: 4.5 to 1.
    "words of too little contrast": """() => {
        const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
        const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = element => {
            for (let e = element; e; e = e.parentElement) {
                const colour = numbers(getComputedStyle(e).backgroundColor);
                if (colour.length === 3 || colour[3] === 1) return colour;
            }
            return [255, 255, 255];
        };
        const hasWords = e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        return [...document.body.querySelectorAll('*')].filter(e => hasWords(e)
            && e.checkVisibility()).filter(e => {
                const [a, b] = [numbers(getComputedStyle(e).color), ground(e)].map(luminance);
                return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
            }).map(e => e.outerHTML);
    }""",
}


def open_control(page):
    """Open the control of a ranking, unless it is open."""
    if page.locator(".control-fold:not([open])").count():
        page.locator(".control-fold > summary").click()


class Visit:
    """A page of the site, and the checks that hold on every page."""

    def __init__(self, page, language, width, theme):
        self.page = page
        self.language = language
        self.variant = f"{language}-{width}-{theme}"

    def look(self, name):
        """Check the page that is open, and take its picture."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("() => { for (const i of document.images) i.loading = 'eager'; }")
        self.page.wait_for_function("() => [...document.images].every(i => i.complete)")
        for fault, script in CHECKS.items():
            assert self.page.evaluate(script) == [], fault
        assert self.page.locator("html").get_attribute("lang") == self.language
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}-{self.variant}.png"
        self.page.screenshot(path=path, full_page=True)

    def mark(self):
        """Leave a mark that a reload would wipe out."""
        self.page.evaluate("() => { window.isSameDocument = true; }")

    def is_same_document(self):
        return self.page.evaluate("() => window.isSameDocument === true")

    def log_in(self, address):
        self.page.goto(f"/accounts/login/?next={address}")
        self.look("login")
        self.page.fill("[name=username]", "staff")
        self.page.fill("[name=password]", "staff")
        self.page.keyboard.press("Enter")
        # From its beginning, for the login page's address ends in this one.
        self.page.wait_for_url(address)

    def choose(self, preset):
        """Press the button of a preset, as a hand would."""
        open_control(self.page)
        self.page.locator(f".segments label:has([value={preset}])").click()
        self.page.wait_for_url(f"**preset={preset}**")
        expect(self.page.locator("#results")).not_to_have_attribute("aria-busy", "true")


@pytest.fixture
def open_browser(live_server, transactional_db, monkeypatch):
    """``open_browser("en", 1280, "light")``: a visit; an error in its console fails the test."""
    # Playwright's own event loop runs in this thread; it is no request that is served.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    faults = []

    def failed(request):
        # What a new page or a newer choice makes superfluous is broken off.
        if request.failure != "net::ERR_ABORTED":
            faults.append(f"{request.url}: {request.failure}")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        def note(line):
            # A script that is told to wait does so, and the console notes it all the same.
            if line.type == "error" and "status of 429" not in line.text:
                faults.append(line.text)

        def start(language="en", width=1280, theme="light", **options):
            context = browser.new_context(
                base_url=live_server.url,
                viewport={"width": width, "height": 900},
                color_scheme=theme,
                **options,
            )
            context.add_cookies(
                [{"name": "django_language", "value": language, "url": live_server.url}]
            )
            page = context.new_page()
            page.on("console", note)
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on("requestfailed", failed)
            return Visit(page, language, width, theme)

        yield start
        browser.close()
        # Connections that were opened under Playwright's event loop are seen only there.
        connections.close_all()
    assert faults == []


@pytest.fixture(params=VARIANTS, ids=variant_name)
def visit(request, open_browser):
    return open_browser(*request.param)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(pictures.png("disc-a", (120, 90)))
    return path


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


@every_day_in(("en", 390, "dark"))
def test_a_search_by_image_is_ranked_without_a_reload(visit, collection, picture):
    page = visit.page
    page.goto("/search/")
    page.set_input_files("[name=image]", picture)
    visit.look("search")
    page.locator("main [type=submit]").click()
    expect(page.locator("[data-poll]")).to_be_visible()
    visit.look("search-waiting")
    visit.mark()
    tasks.ring_again()
    ranked = page.locator(".ranked .work")
    expect(ranked).to_have_count(10, timeout=20_000)
    expect(ranked.first.locator(".work-title a")).to_have_text("disc-a")
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
