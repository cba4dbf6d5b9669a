"""A set made, changed, exported and imported again, with nothing but the keyboard."""

from __future__ import annotations

from playwright.sync_api import expect

from .visits import every_day_in, open_control, tab_to


@every_day_in(("en", 390, "dark"))
def test_a_set_is_made_exported_and_imported_by_keyboard(
    visit,
    staff,
    collection,
    tmp_path,
):
    page = visit.page
    count, names = page.locator(".choice-count"), page.locator("ol.works .work-title a")
    visit.log_in("/?ordering=title")
    tab_to(page, ".work-title a")
    page.keyboard.press("x")
    expect(count).to_contain_text("1")
    tab_to(page, ".work-title a")
    page.keyboard.press("x")
    page.keyboard.press("x")
    tab_to(page, ".work-title a")
    page.keyboard.press("x")
    expect(count).to_contain_text("2")
    visit.look("gallery-chosen")
    first, third = (collection[name] for name in ("bars-a", "bars-c"))

    # The choice goes on with the results on the page of a work.
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/artworks/{third.pk}/**")
    tab_to(page, "[data-choose]")
    assert page.evaluate("() => document.activeElement.checked")
    tab_to(page, ".ranked .work-title a")
    nearest = page.locator(".ranked .work-title a").first.text_content()
    page.keyboard.press("x")
    expect(count).to_contain_text("3")
    # Results that are replaced show the choice as well.
    open_control(page)
    page.locator(".segments label:has([value=style])").click()
    page.wait_for_url("**preset=style**")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    chosen = collection[nearest].pk
    expect(page.locator(f".ranked [data-choose][value='{chosen}']")).to_be_checked()

    tab_to(page, ".ranked .work-title a")
    page.keyboard.press("Shift+X")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sets/keep/")
    visit.look("set-keep")
    page.keyboard.type("Bars")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Bars")
    expect(names).to_have_text([first.title, third.title, nearest])
    assert page.evaluate("() => sessionStorage.getItem('stylesim.choice')") is None

    tab_to(page, "[name=later]:enabled")
    page.keyboard.press("Enter")
    expect(names).to_have_text([third.title, first.title, nearest])
    tab_to(page, ".set-share summary")
    page.keyboard.press("Enter")
    tab_to(page, ".set-share button")
    page.keyboard.press("Enter")
    expect(page.locator("#set-link")).to_be_visible()
    visit.look("set")

    with page.expect_download() as started:
        tab_to(page, "[href$='export.csv']")
        page.keyboard.press("Enter")
    table = tmp_path / started.value.suggested_filename
    started.value.save_as(table)
    assert table.name == "Bars.csv"
    page.goto("/sets/")
    tab_to(page, "[name=table]")
    page.locator("[name=table]").set_input_files(table)
    page.keyboard.press("Tab")
    page.keyboard.type("Bars again")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Bars again")
    expect(names).to_have_text([third.title, first.title, nearest])

    # A set that is chosen while results are shown limits them, and says so.
    tab_to(page, "ol.works .work-title a")
    page.keyboard.press("Enter")
    page.wait_for_url("**within=**")
    expect(page.locator(".ranked .work")).to_have_count(2)
    open_control(page)
    page.locator("#id_within").select_option("")
    expect(page.locator(".ranked .work")).to_have_count(10)
    expect(page.locator(".within")).to_have_count(0)
    page.goto("/sets/")
    expect(page.locator(".set")).to_have_count(2)
    visit.look("sets")
