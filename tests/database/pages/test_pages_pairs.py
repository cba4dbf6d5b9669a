"""The page, the table and the API of the closest pairs."""

from __future__ import annotations

import csv
import html
from io import StringIO

import pytest
from django.contrib.auth.models import Permission

from stylesim_app.index import upkeep
from stylesim_app.models import Artwork
from stylesim_app.ranking.pairs import pair_lanes
from tests.admin_pages import LIST

PAGES = ("/pairs/", f"{LIST}pairs/")
API = "/api/pairs/"


@pytest.fixture
def listed(collection):
    upkeep.maintain(60, idle=True)
    return collection


@pytest.mark.parametrize("address", PAGES)
def test_pairs_are_for_those_who_may_view_artworks(client, staff, listed, address):
    assert client.get(address).status_code == 302
    staff.user_permissions.clear()
    client.force_login(staff)
    assert client.get(address).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_artwork"))
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("address", PAGES)
def test_a_page_shows_both_works_with_their_figure(staff_client, listed, address):
    response = staff_client.get(address, {"lane": "measure", "artist": "Artist A"})
    text = response.content.decode()
    pairs = response.context["page"].pairs
    assert pairs
    assert all("Artist A" in (pair.first.artist, pair.second.artist) for pair in pairs)
    assert "of pairs" in text
    assert response.context["page"].next is not None
    second = staff_client.get(f"{address}?{response.context['next']}")
    assert second.context["page"].pairs
    assert second.context["page"].previous
    assert not {p.distance for p in pairs} & {p.distance for p in second.context["page"].pairs}


@pytest.mark.parametrize("address", PAGES)
def test_pairs_are_listed_in_each_lane(staff_client, listed, address):
    for lane in pair_lanes():
        response = staff_client.get(address, {"lane": lane.name})
        assert response.status_code == 200
        assert str(lane.label) in html.unescape(response.content.decode())
        found = response.context["page"].pairs
        # No picture is twice in the collection.
        assert bool(found) == (lane.name != "same_picture")
        assert all(pair.closer_than is not None for pair in found)


@pytest.mark.parametrize("address", PAGES)
def test_invalid_values_are_errors_and_not_crashes(staff_client, listed, address):
    for query in ({"lane": "none"}, {"artists": "some"}, {"year_from": "soon"}):
        response = staff_client.get(address, query)
        assert response.status_code == 200
        text = response.content.decode()
        assert "errorlist" in text or "Some filters are invalid" in text
    response = staff_client.get(address, {"cursor": "x", "lane": "measure"})
    assert response.url == "?lane=measure"
    assert staff_client.get(address, {"lane": "none", "format": "csv"}).status_code == 404


def test_the_menu_links_the_page_for_staff(client, staff_client, listed):
    assert 'href="/pairs/"' in staff_client.get("/").content.decode()


def test_a_csv_file_has_all_pairs_and_no_formulas(staff_client, listed):
    Artwork.objects.filter(pk=listed["disc-a"].pk).update(title="=cmd()")
    response = staff_client.get("/pairs/", {"lane": "measure", "format": "csv"})
    content = b"".join(response.streaming_content).decode()
    assert content.startswith("\ufeff")
    rows = list(csv.DictReader(StringIO(content.lstrip("\ufeff"))))
    assert len(rows) == 66
    distances = [float(row["distance"]) for row in rows]
    assert distances == sorted(distances)
    titles = {row["title_1"] for row in rows} | {row["title_2"] for row in rows}
    assert "'=cmd()" in titles
    assert "=cmd()" not in titles


def test_the_api_lists_pairs_in_pages(staff_client, listed):
    query = {"lane": "measure", "page_size": 5, "artists": "different"}
    first = staff_client.get(API, query).json()
    assert first["lane"] == "measure"
    assert first["previous"] is None
    assert len(first["results"]) == 5
    pair = first["results"][0]
    assert {pair["first"]["artist"], pair["second"]["artist"]} != {pair["first"]["artist"]}
    assert pair["distance"] <= first["results"][-1]["distance"]
    assert pair["inliers"] is pair["relation"] is None
    assert not pair["same_file"]
    second = staff_client.get(first["next"]).json()
    assert staff_client.get(second["previous"]).json()["results"] == first["results"]


def test_the_api_refuses_what_it_cannot_use(client, staff_client, listed, django_user_model):
    for query in ({"lane": "none"}, {"cursor": "x"}, {"page_size": 0}, {"unknown": 1}):
        assert staff_client.get(API, query).status_code == 400
    client.logout()
    assert client.get(API).status_code in (401, 403)
    client.force_login(django_user_model.objects.create_user("visitor"))
    assert client.get(API).status_code == 403


def test_the_api_tells_how_a_picture_is_the_same(staff_client, stored_matches):
    originals, copy = stored_matches
    (pair,) = staff_client.get(API).json()["results"]
    assert (pair["first"]["id"], pair["second"]["id"]) == (originals[0].pk, copy.pk)
    assert pair["relation"]["mirrored"]
    assert pair["inliers"] > 0
