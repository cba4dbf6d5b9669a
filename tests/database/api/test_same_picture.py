"""The lane same_picture of the API."""

from __future__ import annotations

import pytest

from stylesim_app.core.same_picture.false_alarms import QUERIES
from stylesim_app.models import StoredFeatures

pytestmark = pytest.mark.django_db


def test_an_artwork_lists_the_works_that_show_its_picture(matched_works, client):
    (original, *_), copy = matched_works
    answer = client.get(f"/api/artworks/{copy.pk}/similar/?lane=same_picture").json()
    assert answer["lane"] == "same_picture"
    assert answer["query"]["id"] == copy.pk
    assert answer["coverage"] == {"indexed": 7, "visible": 7}
    [result] = answer["results"]
    assert (result["rank"], result["artwork"]["id"]) == (1, original.pk)
    assert result["figure"] == result["inliers"] >= 26
    assert result["same_file"] is False
    assert result["unusual"] == pytest.approx(1 / (QUERIES + 1))
    assert result["transform"]["mirrored"] is True
    assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in result["transform"]["query_region"])


def test_the_measure_names_its_lane(matched_works, client):
    _, copy = matched_works
    assert client.get(f"/api/artworks/{copy.pk}/similar/").json()["lane"] == "measure"


def test_an_unknown_lane_is_refused(matched_works, client):
    _, copy = matched_works
    response = client.get(f"/api/artworks/{copy.pk}/similar/?lane=smell")
    assert response.status_code == 400
    assert "same_picture" in response.json()["errors"]["lane"][0]


def test_a_picture_that_is_not_compared_yet_is_409(matched_works, client):
    _, copy = matched_works
    StoredFeatures.objects.filter(entry__artwork=copy).update(matched_at=None)
    response = client.get(f"/api/artworks/{copy.pk}/similar/?lane=same_picture")
    assert (response.status_code, response.json()["state"]) == (409, "pending")
