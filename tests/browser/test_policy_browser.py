"""No page breaks its own Content-Security-Policy, in Chromium: visitors, staff, admin, API docs."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect, sync_playwright

from tests import pictures

from .visits import ARGUMENTS, CHROMIUM

#: Notes each violation; the console repeats them, as what a page's own scripts did wrong.
LISTEN = """
addEventListener('securitypolicyviolation', event => {
    console.error(`violation: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""
FOR_ANYONE = ("/", "/search/", "/accounts/login/", "/admin/login/", "/nothing/", "/api/docs/")
FOR_STAFF = (
    "/upload/",
    "/sets/",
    "/sets/keep/?works={pk}",
    "/admin/stylesim_app/selection/",
    "/accounts/tokens/",
    "/admin/",
    "/admin/password_change/",
    "/admin/stylesim_app/",
    "/admin/auth/user/",
    "/admin/auth/user/add/",
    "/admin/auth/group/add/",
    "/admin/access/apitoken/",
    "/admin/axes/accessattempt/",
    "/admin/stylesim_app/artwork/",
    "/admin/stylesim_app/artwork/?q=disc",
    "/admin/stylesim_app/artwork/add/",
    "/admin/stylesim_app/artwork/upload/",
    "/admin/stylesim_app/artwork/trash/",
    "/admin/stylesim_app/artwork/{pk}/change/",
    "/admin/stylesim_app/artwork/{pk}/delete/",
    "/admin/stylesim_app/artwork/{pk}/history/",
    "/admin/stylesim_app/artwork/similar/?ids={pk}",
    "/pairs/?lane=measure",
    "/admin/stylesim_app/artwork/pairs/?lane=measure",
    "/admin/stylesim_app/artwork/similar/table/?ids={pk}",
    "/admin/stylesim_app/artwork/import/",
    "/admin/stylesim_app/artwork/export/",
    "/admin/stylesim_app/indexentry/",
    "/admin/stylesim_app/descriptorset/",
    "/admin/stylesim_app/workersign/",
    "/admin/django_q/schedule/",
    "/admin/stylesim_webhooks/endpoint/",
    "/admin/stylesim_webhooks/endpoint/add/",
    "/admin/stylesim_webhooks/delivery/",
)


@pytest.fixture
def errors() -> list[str]:
    """The messages of the page's console; none may be left at the end of a test."""
    return []


@pytest.fixture
def visit(live_server, monkeypatch, errors):
    """A page whose test fails on any error or violation that its console shows."""
    # Playwright's own event loop runs in this thread; it is no request that is served.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

    def note(line):
        # A page that is not there, and the icon that the admin does not name, are errors too.
        if line.type == "error" and "the server responded with a status of 404" not in line.text:
            errors.append(f"{page.url}: {line.text}")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(base_url=live_server.url)
        page.add_init_script(LISTEN)
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(f"{page.url}: {error}"))
        yield page
        browser.close()
    assert errors == []


def sign_in(page):
    page.goto("/accounts/login/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "password")
    page.click("main button[type=submit]")
    page.wait_for_url("**/")


def test_the_policy_is_enforced(visit, errors):
    """So that the tests below would notice a violation."""
    response = visit.goto("/")
    assert "default-src 'none'" in response.headers["content-security-policy"]
    visit.evaluate("() => document.body.setAttribute('style', 'color: red')")
    assert visit.evaluate("() => document.body.style.color") == ""
    visit.wait_for_function("() => true")
    assert any("violation: style-src" in text for text in errors)
    errors.clear()


def test_no_page_breaks_the_policy(visit, collection, admin_user):
    work = collection["disc-a"]
    addresses = [
        *FOR_ANYONE,
        f"/artworks/{work.pk}/",
        *(f"/artworks/{work.pk}/?lane={lane}" for lane in ("same_picture", "content", "regions")),
        f"/artworks/{work.pk}/?style_weight=1&content_weight=0.1",
    ]
    for address in addresses:
        visit.goto(address)
    sign_in(visit)
    for address in FOR_STAFF:
        response = visit.goto(address.format(pk=work.pk))
        assert response.status == 200, address
    visit.goto("/accounts/tokens/")
    visit.fill("#id_name", "Import")
    visit.get_by_role("button", name="Create token").click()
    expect(visit.locator("main code")).to_be_visible()


def test_forms_and_controls_keep_to_the_policy(visit, collection, admin_user):
    work = collection["disc-a"]
    file = {"name": "a.png", "mimeType": "image/png", "buffer": pictures.png("bars-b")}
    visit.goto("/search/")
    visit.set_input_files("input[type=file]", file)
    expect(visit.locator("canvas")).to_be_visible()
    visit.click("main button[type=submit]")
    visit.wait_for_url("**/search/*-*/")
    visit.goto(f"/artworks/{work.pk}/")
    visit.locator(".control-fold > summary").click()
    visit.get_by_text("Content only").click()
    expect(visit.locator("#results")).not_to_have_attribute("aria-busy", "true")
    sign_in(visit)
    visit.goto("/admin/stylesim_app/artwork/add/")
    visit.fill("#id_title", "New")
    visit.set_input_files("#id_image", file)
    visit.click("[name=_save]")
    expect(visit.locator(".messagelist .success")).to_be_visible()


@pytest.mark.release
def test_the_documentation_of_the_api_works_under_the_policy(visit, collection):
    visit.goto("/api/docs/", wait_until="networkidle")
    operation = visit.locator("#operations-api-listArtworks, [id$=listArtworks]").first
    operation.locator("button.opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text(
        "200"
    )
