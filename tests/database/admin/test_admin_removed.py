"""The rows that a deletion lists, and removed pictures, in the admin."""

from __future__ import annotations

import pytest
from django.urls import reverse

from stylesim_app.index import upkeep
from stylesim_app.models import Artwork, IndexEntry, Neighbour, RemovedPicture
from tests import pictures
from tests.admin_pages import LIST

REMOVED = "/admin/stylesim_app/removedpicture/"


@pytest.fixture
def removed(make_artwork, settings, django_capture_on_commit_callbacks):
    settings.STYLESIM_KEEP_REMOVED_DAYS = 30
    with django_capture_on_commit_callbacks(execute=True):
        make_artwork("disc-a", title="A mistake").delete()
    return RemovedPicture.objects.get()


@pytest.fixture
def listed(collection):
    """The collection with its lists of neighbours."""
    upkeep.maintain(60, idle=True)
    return collection


@pytest.mark.parametrize("by", ["page", "action"])
def test_a_deletion_lists_the_works_and_nothing_of_the_index(staff_client, listed, by, settings):
    settings.STYLESIM_TRASH_DAYS = 0
    artwork = listed["disc-a"]
    assert Neighbour.objects.filter(owner__entry__artwork=artwork).exists()
    if by == "page":
        response = staff_client.get(f"{LIST}{artwork.pk}/delete/")
    else:
        data = {"action": "delete_selected", "_selected_action": [artwork.pk]}
        response = staff_client.post(LIST, data)
    shown = [f'<a href="{LIST}{artwork.pk}/change/">disc-a</a>']
    listing = response.context["deletable_objects" if by == "action" else "deleted_objects"]
    (listed_work,) = listing[0] if by == "action" else listing
    assert listed_work.startswith('<img class="stylesim-thumbnail"')
    assert listed_work.endswith(shown[0])
    assert dict(response.context["model_count"]) == {"artworks": 1}
    assert shown[0] in response.content.decode()

    confirmed = {"post": "yes"}
    if by == "page":
        staff_client.post(f"{LIST}{artwork.pk}/delete/", confirmed)
    else:
        staff_client.post(LIST, data | confirmed)
    assert not Artwork.objects.filter(pk=artwork.pk).exists()
    assert not IndexEntry.objects.filter(artwork_id=artwork.pk).exists()


def test_no_page_deletes_an_index_entry(staff_client, listed):
    entry = IndexEntry.objects.get(artwork=listed["disc-a"])
    address = reverse("admin:stylesim_app_indexentry_delete", args=[entry.pk])
    assert staff_client.get(address).status_code == 403
    assert staff_client.post(address, {"post": "yes"}).status_code == 403


def test_staff_download_a_kept_original(staff_client, removed):
    text = staff_client.get(REMOVED).content.decode()
    assert "A mistake" in text
    assert f'href="{REMOVED}{removed.pk}/original/"' in text
    response = staff_client.get(f"{REMOVED}{removed.pk}/original/")
    assert response.getvalue() == pictures.png("disc-a")
    assert response["Content-Disposition"].startswith("attachment")
    assert staff_client.get(f"{REMOVED}999/original/").status_code == 404


def test_a_kept_original_that_is_lost_is_not_found(staff_client, removed, settings):
    RemovedPicture.objects.update(kept_name="removed/none.png")
    assert staff_client.get(f"{REMOVED}{removed.pk}/original/").status_code == 404


def test_only_those_who_may_delete_and_see_all_find_kept_originals(
    staff_client, staff, removed, settings, make_artwork
):
    make_artwork("bars-a", is_public=False)
    settings.STYLESIM_VISIBLE_ARTWORKS = lambda _request: Artwork.objects.filter(is_public=True)
    assert staff_client.get(REMOVED).status_code == 403
    assert staff_client.get(f"{REMOVED}{removed.pk}/original/").status_code == 403
    del settings.STYLESIM_VISIBLE_ARTWORKS
    staff.user_permissions.remove(staff.user_permissions.get(codename="delete_artwork"))
    assert staff_client.get(REMOVED).status_code == 403


def test_figures_of_all_works_are_shown_only_to_those_who_see_all(staff_client, listed, settings):
    sets = "/admin/stylesim_app/descriptorset/"
    pages = [f"/admin/stylesim_app/{name}/" for name in ("calibration", "compactindex")]
    text = staff_client.get(sets).content.decode()
    assert '<td class="field-described">12</td>' in text
    assert '<td class="field-calibrated_on">12</td>' in text
    assert {staff_client.get(page).status_code for page in pages} == {200}

    Artwork.objects.filter(title="disc-a").update(is_public=False)
    settings.STYLESIM_VISIBLE_ARTWORKS = lambda _request: Artwork.objects.filter(is_public=True)
    text = staff_client.get(sets).content.decode()
    assert '<td class="field-described">11</td>' in text
    assert '<td class="field-calibrated_on">-</td>' in text
    assert {staff_client.get(page).status_code for page in pages} == {403}
    assert staff_client.get("/api/index/").json()["calibrated_on"] is None
