"""Sets of works: chosen, kept, changed, shared, exported and imported."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from stylesim_app.collection.spreadsheets import protect, unprotect
from stylesim_app.models import Artwork, Selection
from stylesim_app.selections import finding, keeping
from tests.pages import page, page_at, titles


@pytest.fixture
def person(django_user_model):
    """A person with an account, who is no member of staff."""
    return django_user_model.objects.create_user("anna", password="anna")


@pytest.fixture
def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def works(make_artwork):
    return [
        make_artwork(f"disc-{manner}", title=title, accession_number=number)
        for manner, title, number in (
            ("a", "Irises", "1934.10"),
            ("b", '=HYPERLINK("x")', "-7"),
            ("c", "Étude, avec “guillemets”", ""),
        )
    ]


def names(client, selection):
    return titles(page(client, "set", selection.pk).replace("?within=", "?"))


def make(person, works, **facts):
    return keeping.create(person, facts.pop("name", "Mine"), keys=[each.pk for each in works])


def shown(client, reference):
    response = client.get(f"/sets/{reference}/")
    assert response.status_code == 200
    return [item.artwork.title for item in response.context["page"]]


def upload(content, name="mine.csv"):
    return {"table": SimpleUploadedFile(name, content), "name": ""}


def test_visitors_see_no_boxes_and_are_asked_to_sign_in(client, works):
    text = page(client, "gallery")
    assert 'name="works"' not in text
    assert 'id="choice"' not in text
    response = client.post("/sets/keep/", {"works": works[0].pk})
    assert response.url.startswith("/accounts/login/")
    assert response.url.endswith(f"next=/sets/keep/%3Fworks%3D{works[0].pk}")
    assert client.get("/sets/").url == "/accounts/login/?next=/sets/"
    assert client.post("/sets/5/share/").url == "/accounts/login/?next=/sets/"


def test_the_boxes_of_a_page_are_kept_as_a_set_without_script(signed_in, person, works):
    text = page(signed_in, "gallery")
    assert text.count('form="choice"') == 3
    chosen = [works[2].pk, works[0].pk]
    asked = signed_in.post("/sets/keep/", {"works": chosen, "to": "new"})
    assert json.loads(asked.context["keys"]) == [str(key) for key in chosen]
    sent = {"chosen": asked.context["keys"], "keep": "new", "name": "Two", "note": "why"}
    made = signed_in.post("/sets/keep/", sent)
    selection = Selection.objects.get(owner=person)
    assert made.url == f"/sets/{selection.pk}/?added=2"
    assert shown(signed_in, selection.pk) == [works[2].title, works[0].title]
    added = {"works": [works[0].pk, works[1].pk], "keep": "add", "selection": selection.pk}
    assert signed_in.post("/sets/keep/", added).url.endswith("?added=1")
    assert shown(signed_in, selection.pk)[-1] == works[1].title


@pytest.mark.parametrize("chosen", ["[", "7", '{"a": 1}', '[["x"], null, "no key", "99999"]'])
def test_a_choice_that_cannot_be_read_is_empty(signed_in, works, chosen):
    response = signed_in.post("/sets/keep/", {"chosen": chosen})
    assert response.status_code == 200
    assert "No works chosen" in response.content.decode()


def test_nobody_adds_to_or_changes_the_set_of_another(signed_in, works, django_user_model):
    other = django_user_model.objects.create_user("other")
    selection = make(other, works)
    token = keeping.share(selection)
    sent = {"works": works[0].pk, "keep": "add", "selection": selection.pk}
    assert "Select a valid choice" in signed_in.post("/sets/keep/", sent).content.decode()
    for name in ("edit", "share", "works", "delete"):
        assert signed_in.post(f"/sets/{selection.pk}/{name}/", {"name": "x"}).status_code == 404
    assert signed_in.get(f"/sets/{selection.pk}/").status_code == 404
    text = signed_in.get(f"/sets/{token}/").content.decode()
    assert "Remove" not in text
    assert "Revoke" not in text


def test_works_are_moved_and_removed_and_the_set_renamed_and_deleted(signed_in, person, works):
    selection = make(person, works)
    first, second, third = (work.title for work in works)
    change = f"/sets/{selection.pk}/works/"
    moved = signed_in.post(f"{change}?page=1", {"later": works[0].pk})
    assert moved.url == f"/sets/{selection.pk}/?page=1#work-{works[0].pk}"
    assert shown(signed_in, selection.pk) == [second, first, third]
    signed_in.post(change, {"first": works[2].pk})
    assert shown(signed_in, selection.pk) == [third, second, first]
    signed_in.post(change, {"earlier": works[2].pk})
    signed_in.post(change, {"remove": works[1].pk})
    assert shown(signed_in, selection.pk) == [third, first]
    keeping.add(selection, [works[1].pk])
    chosen = {"chosen": json.dumps([str(works[1].pk), "99"]), "remove_chosen": "1"}
    removed = signed_in.post(change, chosen, follow=True)
    assert "1 work was removed from this set." in removed.content.decode()
    assert shown(signed_in, selection.pk) == [third, first]
    signed_in.post(f"/sets/{selection.pk}/edit/", {"name": "New", "note": "<b>"})
    assert "&lt;b&gt;" in signed_in.get(f"/sets/{selection.pk}/").content.decode()
    refused = signed_in.post(f"/sets/{selection.pk}/edit/", {"name": ""})
    assert "This field is required." in refused.content.decode()
    assert "<h1>New</h1>" in refused.content.decode()
    assert "They stay in the collection." in page(signed_in, "set-delete", selection.pk)
    signed_in.post(f"/sets/{selection.pk}/delete/")
    assert not Selection.objects.exists()
    assert Artwork.objects.count() == 3


def test_hidden_works_are_neither_shown_nor_counted_and_keep_their_place(
    signed_in, person, client, works
):
    selection = make(person, works)
    token = keeping.share(selection)
    works[1].is_public = False
    works[1].save()
    for viewer, reference in ((signed_in, selection.pk), (client, token)):
        text = page(viewer, "set", reference)
        assert "2 works" in text
        assert works[1].title not in text
        assert works[1].title not in viewer.get(f"/sets/{reference}/export.csv").content.decode()
    signed_in.post(f"/sets/{selection.pk}/works/", {"later": works[0].pk})
    assert "2 works" in page(signed_in, "sets")
    Artwork.objects.update(is_public=True)
    assert shown(client, token) == [works[2].title, works[1].title, works[0].title]


def steps(client, address):
    """The address and the words of the way back, and the addresses of the works next to it."""
    text = page_at(client, address)
    [back] = re.findall(r'<a class="walk-back" href="([^"]+)">([^<]+)</a>', text)
    found = dict(re.findall(r'<a rel="(prev|next)" href="([^"]+)"', text))
    return back, found.get("prev"), found.get("next")


def test_a_work_opened_from_a_set_is_followed_by_the_works_of_the_set(
    signed_in, person, client, works, make_artwork
):
    make_artwork("bars-a", title="In no set")
    hidden = make_artwork("bars-b", title="Hidden", is_public=False)
    selection = make(person, [works[2], hidden, works[0], works[1]], name="Blue & green")
    for viewer, reference in ((signed_in, selection.pk), (client, keeping.share(selection))):
        first, second, third = re.findall(
            r'href="(/artworks/[^"]+/\?within=[^"]+)"', page(viewer, "set", reference)
        )
        back = (f"/sets/{reference}/", "Back to the set “Blue & green”")
        assert steps(viewer, first) == (back, None, second)
        assert steps(viewer, second) == (back, first, third)
        assert steps(viewer, third) == (back, second, None)
    # Who may not read the set learns nothing of it.
    address = f"/artworks/{works[0].pk}/?within={selection.pk}"
    assert steps(client, address)[0] == ("/", "All works")
    assert "Blue" not in page_at(client, address)


def test_a_work_outside_the_set_keeps_its_place_in_the_gallery(signed_in, person, works):
    selection = make(person, works[:2])
    address = f"/artworks/{works[2].pk}/?within={selection.pk}&from=ordering%3Dtitle"
    assert steps(signed_in, address)[0] == ("/?ordering=title", "Back to the list")


def test_a_deleted_work_leaves_its_sets(signed_in, person, works):
    selection = make(person, works)
    works[0].delete()
    assert shown(signed_in, selection.pk) == [works[1].title, works[2].title]


def test_works_that_readers_of_a_link_do_not_see_are_named(admin_client, admin_user, client, works):
    selection = make(admin_user, works)
    token = keeping.share(selection)
    assert "not public" not in page(admin_client, "set", selection.pk)
    for number, work in enumerate(works):
        work.is_public = bool(number)
        work.save()
    text = page(admin_client, "set", selection.pk)
    assert "1 work is not public: visitors do not see it." in text
    assert "not public" not in page(client, "set", token)
    for work in works:
        work.is_public = False
        work.save()
    assert "Visitors do not see works that are not public." in page(client, "set", token)


def test_a_link_cannot_be_guessed_and_ends_when_it_is_revoked(signed_in, person, client, works):
    selection = make(person, works)
    assert client.get(f"/sets/{selection.pk}/").status_code == 404
    signed_in.post(f"/sets/{selection.pk}/share/")
    selection.refresh_from_db()
    token = selection.share_token
    assert len(token) == 32
    assert f"/sets/{token}/" in page(signed_in, "set", selection.pk)
    response = client.get(f"/sets/{token}/")
    assert response["X-Robots-Tag"] == "noindex"
    assert len(shown(client, token)) == 3
    signed_in.post(f"/sets/{selection.pk}/share/", {"revoke": "1"})
    assert client.get(f"/sets/{token}/").status_code == 404
    assert client.get(f"/sets/{token}/export.xlsx").status_code == 404
    signed_in.post(f"/sets/{selection.pk}/share/")
    selection.refresh_from_db()
    assert selection.share_token != token


def test_pictures_of_a_set_are_enlarged_on_its_page(signed_in, person, works):
    selection = keeping.create(person, "Bars", "", [work.pk for work in works])
    text = page(signed_in, "set", selection.pk)
    assert text.count("data-enlarge") == len(works)
    assert 'id="enlarged"' in text


def test_staff_see_the_sets_that_others_share(staff_client, person, works):
    shared, private = make(person, works), make(person, works, name="Private")
    keeping.share(shared)
    text = page(staff_client, "sets")
    assert "Shared by anna" in text
    assert "Private" not in text
    assert staff_client.get(f"/sets/{shared.pk}/").status_code == 200
    assert staff_client.get(f"/sets/{private.pk}/").status_code == 404


def test_csv_and_xlsx_have_the_facts_and_nothing_that_a_spreadsheet_computes(
    signed_in, person, works
):
    selection = make(person, works, name="Blue/../works")
    response = signed_in.get(f"/sets/{selection.pk}/export.csv")
    assert 'filename="Blue .. works.csv"' in response["Content-Disposition"]
    text = response.content.decode("utf-8-sig")
    first, second, third = csv.DictReader(io.StringIO(text))
    assert (first["id"], first["accession_number"]) == (str(works[0].pk), "1934.10")
    assert first["url"] == f"http://testserver/artworks/{works[0].pk}/"
    assert (second["title"], second["accession_number"]) == ("'" + works[1].title, "-7")
    assert third["title"] == works[2].title
    table = signed_in.get(f"/sets/{selection.pk}/export.xlsx").content
    cells = list(load_workbook(io.BytesIO(table)).active.rows)
    assert cells[2][2].value == works[1].title
    assert cells[2][2].data_type == "s"
    assert [cell.value for cell in cells[1]][:3] == [str(works[0].pk), "1934.10", "Irises"]


@pytest.mark.parametrize("text", ["=1", "'=1", "''+a", " @x", "\tx", "-7", "-7.5", "'", "−", "＝1"])
def test_what_is_protected_is_read_as_it_was_written(text):
    assert unprotect(protect(text)) == text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_exported_set_is_imported_again(signed_in, person, works, kind):
    selection = make(person, [works[1], works[2], works[0]])
    table = signed_in.get(f"/sets/{selection.pk}/export.{kind}").content
    Artwork.objects.filter(pk=works[2].pk).update(title="Renamed")
    response = signed_in.post("/sets/import/", upload(table, f"Mine again.{kind}"))
    made = Selection.objects.exclude(pk=selection.pk).get()
    assert response.url == f"/sets/{made.pk}/?added=3"
    assert made.name == "Mine again"
    assert shown(signed_in, made.pk) == [works[1].title, "Renamed", works[0].title]


@pytest.mark.parametrize(
    ("table", "found", "reasons"),
    [
        ("id\n{0}\n{2}\n{0}\n", [0, 2], []),
        ("Accession number;Title\n-7;x\n1934.10;y\n", [1, 0], []),
        # Of another installation, where the ID is that of another work.
        ("id,accession_number,title\n{1},1934.10,Irises\n", [0], []),
        ("id,title\n{1},Irises\n{0},Irises\n", [0], ["another title"]),
        # A spreadsheet took the number for one with decimals.
        ("id,accession_number,title\n{0},1934.1,Irises\n", [0], []),
        ("id\n{0}\n987654\nabc\n", [0], ["Not found", "Not found"]),
    ],
)
def test_works_of_a_table_are_found_by_id_or_number(signed_in, works, table, found, reasons):
    content = table.format(*(work.pk for work in works)).encode()
    signed_in.post("/sets/import/", upload(content))
    made = Selection.objects.get()
    assert shown(signed_in, made.pk) == [works[at].title for at in found]
    text = signed_in.post("/sets/import/", upload(content), follow=True).content.decode()
    for reason in reasons:
        assert reason in text


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (b"title\nIrises\n", "needs a column"),
        (b"id,title\n", "lists no works"),
        (b"", "file is empty"),
        (b"\x00\x01\x02PK\x03\x04" * 50, "cannot be read as a table"),
        (b"id\n999999\n", "None of the works"),
    ],
)
def test_a_table_that_gives_no_works_makes_no_set(signed_in, works, table, reason):
    text = signed_in.post("/sets/import/", upload(table)).content.decode()
    assert reason in text
    assert not Selection.objects.exists()


def test_works_that_a_person_may_not_see_are_not_imported(signed_in, works):
    Artwork.objects.filter(pk=works[0].pk).update(is_public=False)
    content = f"id,accession_number\n{works[0].pk},1934.10\n{works[1].pk},-7\n".encode()
    text = signed_in.post("/sets/import/", upload(content)).content.decode()
    assert "Not found, or you do not have access to it." in text
    assert shown(signed_in, Selection.objects.get().pk) == [works[1].title]


# Ranking within a set


@pytest.mark.parametrize("preset", ["", "style", "balanced"])
def test_only_members_of_a_set_are_ranked(signed_in, person, client, collection, preset):
    query = collection["disc-a"]
    members = [collection[name] for name in ("bars-b", "cross-c", "disc-a")]
    selection = make(person, members)
    token = keeping.share(selection)
    for viewer, reference in ((signed_in, selection.pk), (client, token)):
        response = viewer.get(f"/artworks/{query.pk}/", {"within": reference, "preset": preset})
        ranked = {result.artwork for result in response.context["answer"].results}
        assert ranked == set(members[:2])
        assert "are shown" in response.content.decode()


def test_a_set_that_is_gone_is_named_and_ranks_nothing(client, person, collection):
    selection = make(person, collection.values())
    for reference in (selection.pk, "x" * 32, "\0", "9" * 5000):
        response = client.get(f"/artworks/{collection['disc-a'].pk}/", {"within": reference})
        assert response.status_code == 200
        assert "This set does not exist any more" in response.content.decode()
        assert "answer" not in response.context
    assert finding.find("", person) is None
