"""Visits to pages in Chromium, and the checks that hold on every page.

The screenshots are left in ``tests/screenshots``. ``CHROMIUM`` names another browser to run.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

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


_AXE = Axe()
#: Without reading style sheets again, which the policy of the pages forbids.
_OPTIONS = {"resultTypes": ["violations"], "preload": False}


def violations(page: Page) -> list[str]:
    """Return what axe-core finds on a page: each rule, with an element that breaks it."""
    rules = _AXE.run(page, options=_OPTIONS).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in rules for node in rule["nodes"]]


def faults_of(page: Page, address: str) -> list[str]:
    """Return what is wrong with the page that is open."""
    wider = page.evaluate(CHECKS["wider than the window"])
    return [f"{address} {each}" for each in (*violations(page), *(f"{w} px" for w in wider))]


def forget_missing_pages(faults):
    """Drop what the console notes of a picture or a page that is not there, or not for everyone."""
    faults[:] = [each for each in faults if "responded with a status of 4" not in each]


def sign_in(page, client, live_server):
    """Continue in the browser what a client of the tests is signed in for."""
    cookie = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])


#: Presses of Tab within which everything on these pages is reached.
MOST_TABS = 120


def tab_to(page, selector):
    """Press Tab until an element that matches has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(selector)


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
        # Results that are about to be replaced are faint, until a transition ends.
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        self.page.wait_for_function(
            "() => !document.getAnimations().some(each => each instanceof CSSTransition)"
        )
        for fault, script in CHECKS.items():
            found = self.page.evaluate(script)
            assert not found, f"{fault}: {found}"
        found = violations(self.page)
        assert not found, found
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
