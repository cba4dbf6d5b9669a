"""Tables in the admin: what is exported is imported again without a change."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from itertools import chain

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from stylesim_app.models import Artwork
from tests.admin_pages import LIST, act, messages_of

IMPORT, CONFIRM, EXPORT = f"{LIST}import/", f"{LIST}process_import/", f"{LIST}export/"
FORMATS = {"xlsx": "0", "csv": "1"}
ODD = {
    "title": "=SUM(A1), “Lilies”; 睡蓮",
    "artist": "'t Hooft, @nna",
    "year": "-500",
    "medium": "oil, on\tcanvas",
    "dimensions": "+30 × 40\r\ncm",
    "accession_number": "00123",
    "collection": "''=1",
    "exhibition": " spaced ",
    "rights": "1889-05-06",
    "extra": {"Inv.": "007", "注": ["一", 2]},
}


def export(client, kind, query=""):
    response = client.post(f"{EXPORT}{query}", {"format": FORMATS[kind], "resource": "0"})
    assert response.status_code == 200
    return response.content


def read(content, kind):
    if kind == "csv":
        return list(csv.reader(StringIO(content.decode("utf-8-sig"))))
    sheet = load_workbook(BytesIO(content)).active
    return [[cell if cell is not None else "" for cell in row] for row in sheet.values]


def write(rows, kind):
    if kind == "csv":
        text = StringIO()
        csv.writer(text).writerows(rows)
        return text.getvalue().encode()
    book, content = Workbook(), BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def preview(client, content, kind="csv"):
    upload = SimpleUploadedFile(f"works.{kind}", content)
    return client.post(IMPORT, {"import_file": upload, "resource": "0"})


def confirm(client, response):
    return client.post(CONFIRM, response.context["confirm_form"].initial, follow=True)


def reasons(response):
    return {
        int(row.number): " ".join(
            [*row.non_field_specific_errors, *chain(*row.field_specific_errors.values())]
        )
        for row in response.context["result"].invalid_rows
    }


def changes(response):
    return {
        row.title: [(label, old, new) for label, old, new in row.changes]
        for row in response.context["result"].valid_rows()
        if row.changes
    }


def state():
    return list(Artwork.objects.order_by("pk").values())


@pytest.mark.parametrize("kind", FORMATS)
def test_an_exported_table_changes_nothing(staff_client, make_artwork, kind):
    make_artwork("disc-a", **ODD)
    make_artwork("disc-b", year="c. 1889", year_number=1890)
    before = state()
    content = export(staff_client, kind)
    response = preview(staff_client, content, kind)
    assert changes(response) == {}
    assert response.context["result"].totals["skip"] == 2
    # As a spreadsheet program writes it.
    rows = read(content, kind)
    assert not any(str(cell)[:1] in "=+@\t" for row in rows for cell in row if cell != "")
    assert changes(preview(staff_client, write(rows, kind), kind)) == {}
    assert state() == before


@pytest.mark.parametrize("kind", FORMATS)
def test_edited_cells_are_shown_and_saved_once_confirmed(staff_client, make_artwork, kind):
    first = make_artwork("disc-a", year="1880", medium="oil")
    second = make_artwork("disc-b", year="1885", year_number=1700)
    rows = read(export(staff_client, kind), kind)
    header = rows[0]
    for row in rows[1:]:
        row[header.index("year")] = 1901 if kind == "xlsx" else "1901"
        row[header.index("medium")] = ""
        row[header.index("title")] = "'=1+1"
        row[header.index("is_public")] = "no"
    before = state()
    response = preview(staff_client, write(rows, kind), kind)
    assert state() == before
    found = changes(response)["=1+1"]
    assert ("Public", "yes", "no") in found
    assert response.content.decode().count("<ins>=1+1</ins>") == 2
    response = confirm(staff_client, response)
    assert messages_of(response) == ["2 works were changed."]
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.title, first.year, first.year_number, first.medium) == ("=1+1", "1901", 1901, "")
    # A number that a person entered stands.
    assert (second.year, second.year_number, second.is_public) == ("1901", 1700, False)


def test_each_change_is_in_the_audit_trail(staff_client, make_artwork):
    from auditlog.models import LogEntry

    artwork, other = make_artwork("disc-a"), make_artwork("disc-b")
    content = f"id,artist\n{artwork.pk},Somebody\n{other.pk},{other.artist}\n".encode()
    LogEntry.objects.all().delete()
    response = preview(staff_client, content)
    assert not LogEntry.objects.exists()
    confirm(staff_client, response)
    (entry,) = LogEntry.objects.all()
    assert (entry.object_id, entry.changes_dict["artist"]) == (artwork.pk, ["Artist A", "Somebody"])
    assert entry.additional_data["via"] == "admin"


def test_works_are_found_by_accession_number(staff_client, make_artwork):
    artwork = make_artwork("disc-a", accession_number="007")
    make_artwork("disc-b", accession_number="7")
    response = preview(staff_client, "accession_number;artist\n007;莫奈\n".encode("gb18030"))
    assert changes(response) == {"disc-a": [("Artist", "Artist A", "莫奈")]}
    confirm(staff_client, response)
    artwork.refresh_from_db()
    assert artwork.artist == "莫奈"


def test_wrong_rows_are_named_with_their_reasons_and_nothing_is_saved(staff_client, make_artwork):
    artwork = make_artwork("disc-a", accession_number="1")
    make_artwork("disc-b", accession_number="2")
    make_artwork("disc-c", accession_number="2")
    rows = [
        ["id", "accession_number", "title", "year_number", "is_public", "extra"],
        [artwork.pk, "1", "changed", "", "yes", ""],
        [],
        ["999999", "", "x", "", "yes", ""],
        ["", "2", "x", "", "yes", ""],
        ["", "unknown", "x", "", "yes", ""],
        [artwork.pk, "1", "x", "", "yes", ""],
    ]
    before = state()
    found = reasons(preview(staff_client, write(rows, "csv")))
    assert set(found) == {4, 5, 6, 7}
    assert "No work that you can see" in found[4]
    assert "Several works" in found[5]
    assert "Upload its picture first" in found[6]
    assert "Row 2" in found[7]
    wrong = [rows[0], [artwork.pk, "1", "", "soon", "perhaps", "{"]]
    response = preview(staff_client, write(wrong, "csv"))
    (row,) = response.context["result"].invalid_rows
    assert {"title", "year_number", "is_public", "extra"} <= set(row.field_specific_errors)
    assert response.context.get("confirm_form") is None
    assert state() == before


def test_a_row_that_became_wrong_after_the_preview_stops_all(staff_client, make_artwork):
    first, second = make_artwork("disc-a"), make_artwork("disc-b")
    content = f"id,title\n{first.pk},new\n{second.pk},new\n".encode()
    response = preview(staff_client, content)
    second.delete()
    response = confirm(staff_client, response)
    assert "Nothing was saved" in response.content.decode()
    first.refresh_from_db()
    assert first.title == "disc-a"


def test_a_confirmation_names_only_the_file_that_was_previewed(staff_client, make_artwork):
    artwork = make_artwork("disc-a")
    response = preview(staff_client, f"id,title\n{artwork.pk},new\n".encode())
    initial = response.context["confirm_form"].initial
    forged = {**initial, "import_file_name": initial["import_file_name"].partition(":")[0]}
    assert "choose the file again" in staff_client.post(CONFIRM, forged).content.decode()
    artwork.refresh_from_db()
    assert artwork.title == "disc-a"
    confirm(staff_client, response)
    again = confirm(staff_client, response)
    assert messages_of(again)[-1] == "Please choose the file again."


def test_tables_follow_permissions_and_visibility(client, staff, make_artwork, settings):
    artwork, hidden = make_artwork("disc-a"), make_artwork("disc-b", title="hidden")
    settings.STYLESIM_VISIBLE_ARTWORKS = "tests.database.admin.test_admin_tables.without_hidden"
    client.force_login(staff)
    titles = {row[2] for row in read(export(client, "csv"), "csv")[1:]}
    assert titles == {"disc-a"}
    response = preview(client, f"id,title\n{hidden.pk},x\n".encode())
    assert "No work that you can see" in reasons(response)[2]
    staff.user_permissions.set(Permission.objects.filter(codename="view_artwork"))
    assert client.get(EXPORT).status_code == 200
    assert preview(client, b"id,title\n").status_code == 403
    assert client.post(CONFIRM, {}).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="add_artwork"))
    response = preview(client, f"id,title\n{artwork.pk},x\n".encode())
    assert reasons(response) == {2: "You may not change this work."}


def without_hidden(_request):
    return Artwork.objects.exclude(title="hidden")


def test_chosen_and_filtered_works_are_exported(staff_client, make_artwork):
    works = [make_artwork(name) for name in ("disc-a", "disc-b", "bars-a")]
    response = act(staff_client, "export_table", works[:2])
    rows = read(export(staff_client, "xlsx", "?" + response.url.partition("?")[2]), "xlsx")
    assert {row[2] for row in rows[1:]} == {"disc-a", "disc-b"}
    response = act(staff_client, "export_table", works[:1], f"{LIST}?q=bars", select_across="1")
    rows = read(export(staff_client, "csv", "?" + response.url.partition("?")[2]), "csv")
    assert {row[2] for row in rows[1:]} == {"bars-a"}


def test_unreadable_tables_are_refused_with_a_reason(staff_client, make_artwork):
    make_artwork("disc-a")
    response = preview(staff_client, b"not a sheet", "xlsx")
    assert "Save it as XLSX, or as CSV in UTF-8." in str(response.context["form"].errors)
    response = preview(staff_client, b"name,artist\nx,y\n")
    assert (
        "The table needs one of these columns: id, accession_number." in response.content.decode()
    )
