"""The index in the admin: the work list, descriptor sets, calibrations and workers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from stylesim_app.admin.index import IndexEntryAdmin
from stylesim_app.models import Calibration, DescriptorSet, IndexEntry, WorkerSign
from tests.admin_pages import ENTRIES, LIST, act, fail, messages_of

from .test_admin import bare_site


def test_the_work_list(staff_client, collection):
    fail(collection["disc-b"])
    page = staff_client.get(f"{ENTRIES}?state__exact=failed")
    (entry,) = page.context["cl"].queryset
    html = page.content.decode()
    assert "cannot be opened." in html
    assert "/add/" not in html.split('id="content"')[1]
    for query in ("disc-b", "damaged", entry.image_name):
        found = staff_client.get(ENTRIES, {"q": query}).context["cl"].queryset
        assert entry in found
        assert found.count() == 1
    html = staff_client.get(f"{ENTRIES}{entry.pk}/change/").content.decode()
    assert f'<a href="{LIST}{entry.artwork_id}/change/">disc-b</a>' in html
    assert "cannot be opened." in html
    assert re.search(r"(?s)Technical detail:.*?cut short", html)
    assert "None" not in html.split('id="content"')[1]
    assert 'name="_save"' not in html
    assert "deletelink" not in html
    assert staff_client.get(f"{ENTRIES}add/").status_code == 403
    assert staff_client.post(f"{ENTRIES}{entry.pk}/change/", {"state": "x"}).status_code == 403


def test_entries_are_read_in_few_queries(staff_client, collection, django_assert_max_num_queries):
    with django_assert_max_num_queries(18):
        staff_client.get(ENTRIES)


def test_index_again_from_the_work_list(
    staff_client, collection, django_capture_on_commit_callbacks
):
    fail(collection["disc-b"])
    OrmQ.objects.all().delete()
    page = staff_client.get(ENTRIES)
    actions = dict(page.context["action_form"].fields["action"].choices)
    assert set(actions) == {"", "index_again"}
    entry = IndexEntry.objects.get(artwork=collection["disc-b"])
    with django_capture_on_commit_callbacks(execute=True):
        response = act(staff_client, "index_again", [entry], ENTRIES)
    assert messages_of(staff_client.get(response.url)) == ["1 work will be indexed again."]
    entry.refresh_from_db()
    assert (entry.state, entry.attempts, entry.error) == ("pending", 0, "")
    assert OrmQ.objects.count() == 1


def test_the_note_of_an_entry(staff_client, collection):
    entry = IndexEntry.objects.get(artwork=collection["disc-a"])
    address = f"{ENTRIES}{entry.pk}/change/"
    assert "first frame" not in staff_client.get(address).content.decode()
    IndexEntry.objects.filter(pk=entry.pk).update(notes=["first_frame"])
    assert "only its first frame is used" in staff_client.get(address).content.decode()


def test_operators_see_what_serves(staff_client, collection):
    WorkerSign.objects.create(host="here", seen_at=timezone.now())
    WorkerSign.objects.create(host="gone", seen_at=timezone.now() - timedelta(hours=1))
    base = "/admin/stylesim_app/"
    html = staff_client.get(f"{base}descriptorset/").content.decode()
    assert '<td class="field-described">12</td>' in html
    assert '<td class="field-calibrated_on">12</td>' in html
    serving = DescriptorSet.objects.get()
    html = staff_client.get(f"{base}descriptorset/{serving.pk}/change/").content.decode()
    assert serving.provenance["weights_sha256"] in html
    assert "12 / 12" in staff_client.get(f"{base}calibration/").content.decode()
    html = staff_client.get(f"{base}workersign/").content.decode()
    assert re.findall(r"icon-(yes|no)", html) == ["no", "yes"]
    for model, row in (
        ("descriptorset", serving),
        ("calibration", Calibration.objects.get()),
        ("workersign", WorkerSign.objects.first()),
    ):
        html = staff_client.get(f"{base}{model}/{row.pk}/change/").content.decode()
        assert 'name="_save"' not in html
        assert staff_client.get(f"{base}{model}/add/").status_code == 403
        assert staff_client.post(f"{base}{model}/{row.pk}/delete/").status_code == 403


def test_a_set_that_is_not_calibrated(staff_client, make_artwork, index_artwork):
    index_artwork(make_artwork(), "disc-a")
    html = staff_client.get("/admin/stylesim_app/descriptorset/").content.decode()
    assert '<td class="field-calibrated_on">-</td>' in html


@pytest.mark.urls("tests.database.admin.test_admin")
def test_an_entry_leads_to_the_artwork_in_the_admin_of_the_host(collection):
    entry = IndexEntry.objects.get(artwork=collection["disc-a"])
    address = f"/bare/stylesim_app/artwork/{entry.artwork_id}/change/"
    link = IndexEntryAdmin(IndexEntry, bare_site).artwork_link(entry)
    assert link == f'<a href="{address}">disc-a</a>'


@pytest.mark.urls("django.conf.urls.i18n")
def test_an_entry_names_an_artwork_that_is_in_no_admin(collection):
    entry = IndexEntry.objects.get(artwork=collection["disc-a"])
    assert IndexEntryAdmin(IndexEntry, bare_site).artwork_link(entry) == "disc-a"
