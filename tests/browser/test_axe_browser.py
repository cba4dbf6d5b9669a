"""axe-core finds nothing on any page of ours, and none is wider than a window of 320 px."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from stylesim_app.views import figures

from .furnished import furnish
from .routes import FOREIGN, NO_PAGE, named_routes, pages
from .visits import faults_of, forget_missing_pages, sign_in

#: Language, width, theme. A window of 1280 px is 320 px wide where all is four times as large.
WINDOWS = [
    ("en", 1280, "light"),
    ("zh-hans", 390, "dark"),
    ("en", 320, "light"),
    ("zh-hans", 320, "dark"),
]
#: Pages of models whose rows are not made, changed or deleted by hand.
REFUSED = ("_add", "_change", "_delete")


@pytest.fixture
def addresses(collection, described, admin_user, settings):
    """The addresses of every page of ours, by the name of its route."""
    settings.STYLESIM_KEEP_REMOVED_DAYS = settings.STYLESIM_TRASH_DAYS = 30
    return pages(furnish(admin_user, described["disc-a"]))


def open_page(page, address):
    """Open a page; the documentation of the API is there only once its script has run."""
    response = page.goto(address)
    if address == "/api/docs/":
        page.locator(".opblock").first.wait_for()
    return response


def test_every_route_is_known(addresses):
    """So that a new page is either walked below, or named as none."""
    names = {name for name, _ in named_routes()}
    assert names >= NO_PAGE
    assert names >= set(addresses)
    assert all(any(name.startswith(each) for name in names) for each in FOREIGN)


@pytest.mark.release
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_pages_of_visitors(open_browser, addresses, window, faults):
    page = open_browser(*window).page
    found = []
    for name, each in addresses.items():
        for address in each if not name.startswith("admin:") else ():
            response = open_page(page, address)
            # Sign-in stands for what asks for it.
            assert response.status in (200, 404), address
            if page.url.endswith(address) or name == "login":
                found += faults_of(page, address)
    forget_missing_pages(faults)
    assert not found, "\n".join(found)


@pytest.mark.release
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_pages_of_staff(open_browser, addresses, window, faults, admin_client, live_server):
    page = open_browser(*window).page
    sign_in(page, admin_client, live_server)
    found = []
    for name, each in addresses.items():
        for address in each:
            response = open_page(page, address)
            if response.status == 403 and name.endswith(REFUSED):
                continue
            assert response.status == 200, address
            found += faults_of(page, address)
    forget_missing_pages(faults)
    assert not found, "\n".join(found)


def send_set(page):
    """Send the form of a new set, past the scripts of its page."""
    page.fill("[name=name]", "Bars")
    with page.expect_navigation():
        page.evaluate("() => document.querySelector('main form').submit()")
    return page.locator("h1")


@pytest.mark.release
@pytest.mark.parametrize("window", [WINDOWS[0], WINDOWS[-1]], ids=str)
def test_pages_that_refuse(
    open_browser, collection, window, faults, client, live_server, settings, monkeypatch, db
):
    page = open_browser(*window).page
    client.force_login(User.objects.create_user("reader"))
    sign_in(page, client, live_server)
    found = []

    def fail(*_args, **_more):
        raise RuntimeError

    monkeypatch.setattr(figures, "render", fail)
    addresses = {"/?" + "a&" * 1001: 400, "/upload/": 403, "/nothing/": 404, "/about-figures/": 500}
    for address, status in addresses.items():
        assert page.goto(address).status == status
        found += faults_of(page, str(status))
    keep = f"/sets/keep/?works={collection['disc-a'].pk}"
    page.goto(keep)
    token = page.locator("main form [name=csrfmiddlewaretoken]")
    token.evaluate("field => { field.value = 'x'; }")
    title = send_set(page)
    expect(page.locator("main form [value=Bars]")).to_be_visible()
    found += faults_of(page, "CSRF")
    out_of_date = title.text_content()
    page.goto(keep)
    settings.STYLESIM_MAX_UPLOAD_MB = 0.00001
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert send_set(page).text_content() != out_of_date
    expect(page.locator("main form, .empty")).to_have_count(1)
    found += faults_of(page, "413")
    faults[:] = [each for each in faults if "responded with a status of" not in each]
    assert not found, "\n".join(found)
