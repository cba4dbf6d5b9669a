"""Fixtures: a browser, and a visit in each language, width and theme."""

from __future__ import annotations

import pytest
from django.core.cache import caches
from django.db import connections
from playwright.sync_api import expect, sync_playwright

from stylesim_app.conf import conf
from tests import pictures

from .visits import ARGUMENTS, CHROMIUM, VARIANTS, Visit, variant_name

# Other tests and their workers have the cores meanwhile, and no test asserts a time.
expect.set_options(timeout=30_000)


@pytest.fixture(autouse=True)
def nothing_throttled_yet(transactional_db: None) -> None:
    """Tests sign in from one address; the table of limits belongs to no model that is emptied."""
    caches[conf.throttle_cache].clear()


@pytest.fixture
def faults() -> list[str]:
    """The errors in the consoles of the pages; none may be left at the end of a test."""
    return []


@pytest.fixture
def open_browser(live_server, transactional_db, monkeypatch, faults):
    """``open_browser("en", 1280, "light")``: a visit; an error in its console fails the test."""
    # Playwright's own event loop runs in this thread; it is no request that is served.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

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
