"""A form whose answer is shown once is not sent again by reloading the answer."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from project.access.models import ApiToken
from stylesim_app.webhooks.models import Endpoint

from .visits import sign_in

pytestmark = pytest.mark.release


@pytest.fixture
def page(open_browser, admin_client, live_server):
    page = open_browser().page
    sign_in(page, admin_client, live_server)
    return page


def test_a_token_is_made_once(page):
    page.goto("/accounts/tokens/")
    page.fill("#id_name", "Import")
    page.get_by_role("button", name="Create token").click()
    expect(page.locator("#made-token")).to_be_visible()
    page.wait_for_load_state()
    page.reload()
    expect(page.locator("#made-token")).to_have_count(0)
    expect(page.locator(".tokens li")).to_have_count(1)
    assert ApiToken.objects.count() == 1


def test_a_webhook_is_made_once(page, settings):
    settings.STYLESIM_WEBHOOKS_PRIVATE = True
    page.goto("/admin/stylesim_webhooks/endpoint/add/")
    page.fill("[name=name]", "Catalogue")
    page.fill("[name=url]", "http://127.0.0.1:9/hooks")
    page.locator("[name=events]").first.check()
    page.locator("[name=_save]").click()
    expect(page.locator("#secret")).to_be_visible()
    page.wait_for_load_state()
    page.reload()
    expect(page.locator("#secret")).to_have_count(0)
    assert Endpoint.objects.count() == 1
