"""The web component in a page of another origin, as the documentation shows it."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from project.access.tokens import make_token
from stylesim_app.collection import thumbnails
from stylesim_app.models import IndexEntry, WorkItem

from .test_policy_browser import LISTEN
from .visits import ARGUMENTS, CHROMIUM

DOCS = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "embed.md"
STATE = WorkItem.State


def page_of_the_docs():
    [page] = re.findall(r"```html\n(<!doctype.*?)```", DOCS.read_text(), re.DOTALL)
    assert len(page.splitlines()) <= 10
    return page


@pytest.fixture
def policy(live_server):
    """The policy that the documentation names, and that page's own style."""
    [directives] = re.findall(r"```text\n(script-src.*?)```", DOCS.read_text(), re.DOTALL)
    named = directives.strip().replace("https://works.example.org", live_server.url)
    return f"default-src 'none'; style-src 'unsafe-inline'; {named}"


@pytest.fixture
def catalogue(tmp_path, policy):
    """A site of another origin: its folder and its address."""

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self):
            self.send_header("Content-Security-Policy", policy)
            super().end_headers()

        def log_message(self, *_args):
            pass

    folder = tmp_path / "catalogue"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def errors():
    """The errors on the console of the page."""
    return []


@pytest.fixture
def browser(monkeypatch, errors):
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

    def note(line):
        if line.type == "error":
            errors.append(line.text)

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = started.new_page(locale="en")
        page.add_init_script(LISTEN)
        page.on("console", note)
        yield page
        started.close()


def write(catalogue, live_server, work, token, **changes):
    text = page_of_the_docs().replace("https://works.example.org", live_server.url)
    text = text.replace('artwork="17"', f'artwork="{work}"').replace("TOKEN", token)
    for before, after in changes.items():
        text = text.replace(before, after)
    (catalogue[0] / "index.html").write_text(text)
    return f"{catalogue[1]}/"


def test_the_page_of_the_documentation_shows_similar_works_on_another_origin(
    browser, live_server, catalogue, collection, staff, errors
):
    work = collection["disc-a"]
    for each in collection.values():
        thumbnails.make_thumbnails(each)
    _, token = make_token(staff, "Page", (), timedelta(days=1), public=True, origins=[catalogue[1]])
    browser.goto(write(catalogue, live_server, work.pk, token))
    embedded = browser.locator("stylesim-similar")
    expect(embedded).to_have_attribute("state", "ready")
    expect(browser.get_by_role("heading", name="Similar works", level=2)).to_be_visible()
    items = embedded.get_by_role("list").get_by_role("listitem")
    count = items.count()
    assert count > 1
    expect(embedded.get_by_role("status")).to_have_text(f"{count} similar works")
    link = items.first.get_by_role("link")
    assert link.get_attribute("href").startswith(f"{live_server.url}/artworks/")
    picture = embedded.locator("img").first
    browser.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())
    browser.keyboard.press("Tab")
    assert browser.evaluate("document.activeElement.shadowRoot.activeElement.className") == "link"
    embedded.evaluate("element => element.setAttribute('lang', 'zh-Hans')")
    expect(embedded.get_by_role("status")).to_have_text(f"{count} 件相似作品")
    assert errors == []


@pytest.mark.release
def test_each_trouble_is_told_in_words(browser, live_server, catalogue, collection, staff):
    work = collection["disc-a"]
    # Without the token, this site may not read the API, as if the server were not there.
    browser.goto(write(catalogue, live_server, work.pk, ""))
    embedded = browser.locator("stylesim-similar")
    status = embedded.get_by_role("status")
    expect(embedded).to_have_attribute("state", "error")
    expect(status).to_have_text("Similar works are not available at the moment.")
    _, token = make_token(staff, "Page", (), timedelta(days=1), public=True, origins=[catalogue[1]])
    embedded.evaluate("(element, text) => element.setAttribute('token', text)", token)
    expect(embedded).to_have_attribute("state", "ready")
    embedded.evaluate("element => element.setAttribute('token', 'wrong')")
    expect(status).to_contain_text("its token is missing or not valid")
    embedded.evaluate("(element, text) => element.setAttribute('token', text)", token)
    embedded.evaluate("element => element.setAttribute('artwork', '0')")
    expect(status).to_contain_text("not in the collection, or not public")
    entries = IndexEntry.objects.filter(artwork=collection["bars-a"])
    entries.update(state=STATE.PENDING)
    entries.get().descriptors.all().delete()
    embedded.evaluate(
        "(element, key) => element.setAttribute('artwork', key)", str(collection["bars-a"].pk)
    )
    expect(embedded).to_have_attribute("state", "waiting")
    expect(status).to_contain_text("being compared with the collection")


@pytest.mark.release
def test_a_person_can_try_again(browser, live_server, catalogue, collection, settings):
    settings.CORS_ALLOWED_ORIGINS = [catalogue[1]]
    browser.route("**/similar/**", lambda route: route.abort())
    browser.goto(write(catalogue, live_server, collection["disc-a"].pk, ""))
    embedded = browser.locator("stylesim-similar")
    again = embedded.get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    browser.unroute("**/similar/**")
    again.focus()
    browser.keyboard.press("Enter")
    expect(embedded).to_have_attribute("state", "ready")
    expect(again).to_be_hidden()
    assert browser.evaluate("document.activeElement.localName") == "stylesim-similar"
