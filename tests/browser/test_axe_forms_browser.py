"""axe-core finds nothing on the pages that answer a form, and none is wider than 320 px."""

from __future__ import annotations

import pytest

from stylesim_app.models import Artwork
from tests.admin_pages import LIST

from .furnished import furnish
from .visits import faults_of, forget_missing_pages, sign_in

pytestmark = [
    pytest.mark.release,
    pytest.mark.parametrize("window", [("en", 1280, "light"), ("zh-hans", 320, "dark")], ids=str),
]


def send(page, button="main button[type=submit]"):
    with page.expect_navigation():
        page.locator(button).first.click()


def table(text):
    return {"name": "works.csv", "mimeType": "text/csv", "buffer": text.encode()}


def choose_action(page, name):
    """Choose an action for the first two works of the admin's list."""
    page.goto(LIST)
    for row in (0, 1):
        page.locator("input.action-select").nth(row).check()
    page.select_option("select[name=action]", name)
    send(page, ".actions button")


@pytest.mark.parametrize("address", ["/accounts/login/", "/admin/login/"])
def test_the_page_of_an_account_that_is_locked(
    open_browser, window, faults, settings, staff, address
):
    settings.AXES_FAILURE_LIMIT = 1
    page = open_browser(*window).page
    page.goto(address)
    page.fill("[name=username]", "staff")
    page.fill("[name=password]", "wrong")
    with page.expect_response(lambda response: response.request.method == "POST") as sent:
        page.keyboard.press("Enter")
    assert sent.value.status == 429
    page.locator(".empty h1").wait_for()
    assert faults_of(page, address) == []


def test_a_table_of_a_set_is_read_in_part_or_not_at_all(
    open_browser, window, faults, collection, admin_client, live_server
):
    page = open_browser(*window).page
    sign_in(page, admin_client, live_server)
    found = []
    unknown = "".join(f"{'unknown' * 20}{number}\n" for number in range(3))
    for rows, shown in ((unknown, ".errorlist"), (f"{collection['disc-a'].pk}\n{unknown}", "h1")):
        page.goto("/sets/")
        page.set_input_files("[name=table]", table(f"id\n{rows}"))
        send(page)
        page.locator(f"main {shown}").first.wait_for()
        page.locator(".missing").wait_for()
        found += faults_of(page, shown)
    assert not found, "\n".join(found)


def test_a_table_of_works_is_shown_before_it_is_imported(
    open_browser, window, faults, collection, admin_client, live_server
):
    page = open_browser(*window).page
    sign_in(page, admin_client, live_server)
    found = []
    key = collection["disc-a"].pk
    for title, shown in (("New title " * 9, "ins"), ("", "[role=alert]")):
        page.goto(f"{LIST}import/")
        page.set_input_files("[name=import_file]", table(f"id,title\n{key},{title}\n"))
        send(page, "#content button.default")
        page.locator(shown).first.wait_for()
        found += faults_of(page, shown)
    forget_missing_pages(faults)
    assert not found, "\n".join(found)


def test_actions_in_the_admin_ask_first(
    open_browser,
    window,
    faults,
    collection,
    described,
    admin_user,
    admin_client,
    live_server,
    settings,
):
    furnish(admin_user, described["disc-a"])
    page = open_browser(*window).page
    sign_in(page, admin_client, live_server)
    found = []
    choose_action(page, "edit_facts")
    found += faults_of(page, "edit")
    send(page, "[name=shown]")
    page.locator(".errorlist").wait_for()
    found += faults_of(page, "edit with an error")
    page.locator("[name=year]").fill("1889")
    send(page, "[name=shown]")
    page.locator("[name=confirmed]").wait_for()
    found += faults_of(page, "edit confirmed")
    for days in (30, 0):
        settings.STYLESIM_TRASH_DAYS = days
        choose_action(page, "delete_selected")
        page.locator("[name=post]").wait_for(state="attached")
        found += faults_of(page, f"delete, {days} days in the trash")
    for action in ("pause", "verify", "retry"):
        page.goto("/admin/stylesim_app/indexingpause/")
        send(page, f"form[action$='/{action}/'] button")
        page.locator("[name=confirmed]").wait_for(state="attached")
        found += faults_of(page, action)
    assert Artwork.objects.count() == len(collection) - 1
    forget_missing_pages(faults)
    assert not found, "\n".join(found)
