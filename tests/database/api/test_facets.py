"""Facets: values with the number of works that each shows, under filters and visibility."""

from __future__ import annotations

import pytest

from stylesim_app.index import search_keys
from stylesim_app.models import Artwork

from .conftest import check_problem

ADDRESS = "/api/artworks/facets/"
LIST = "/api/artworks/"


@pytest.fixture
def works(db):
    """Works by a few artists in several spellings, some of which are not public."""
    rows = [
        *[("Édouard Manet", "Oil on canvas", "1862", True)] * 3,
        ("édouard  MANET", "oil on canvas", "1874–1882", True),
        ("Berthe Morisot", "Oil on canvas", "1869", True),
        ("Berthe Morisot", "Pastel", "19th century", False),
        ("", "Bronze", "5th century BC", True),
        ("Anon.", "", "", True),
    ]
    return [
        Artwork.objects.create(
            title=f"Work {index}", artist=artist, medium=medium, year=year, is_public=public
        )
        for index, (artist, medium, year, public) in enumerate(rows)
    ]


def facet(answer, name):
    [found] = [each for each in answer["facets"] if each["name"] == name]
    return found


def counts(answer, name):
    return {each["value"]: each["count"] for each in facet(answer, name)["values"]}


def test_values_are_counted_by_their_folded_form_the_most_frequent_first(visitor, works):
    answer = visitor.get(ADDRESS).json()
    assert answer["count"] == 7
    assert list(counts(answer, "artist").items()) == [
        ("Édouard Manet", 4),
        ("Anon.", 1),
        ("Berthe Morisot", 1),
    ]
    assert counts(answer, "medium") == {"Oil on canvas": 5, "Bronze": 1}
    assert facet(answer, "collection")["values"] == []
    periods = [(each["year_from"], each["year_to"], each["count"]) for each in answer["centuries"]]
    assert periods == [(-500, -401, 1), (1801, 1900, 5)]


def test_who_sees_more_counts_more(curator, works):
    answer = curator.get(ADDRESS).json()
    assert (answer["count"], counts(answer, "artist")["Berthe Morisot"]) == (8, 2)
    assert counts(answer, "medium")["Pastel"] == 1


def test_each_count_is_that_of_the_works_that_the_value_shows(curator, works):
    for others in ({}, {"medium_is": "Oil on canvas"}, {"q": "work", "year_from": "1870"}):
        answer = curator.get(ADDRESS, others).json()
        for each in answer["facets"]:
            for value in each["values"]:
                asked = {**others, each["parameter"]: value["value"]}
                shown = curator.get(LIST, asked).json()["count"]
                assert shown == value["count"], (others, value)
        for period in [*answer["centuries"], *answer["decades"]]:
            asked = {**others, **{name: period[name] for name in ("year_from", "year_to")}}
            assert curator.get(LIST, asked).json()["count"] == period["count"], (others, period)


def test_a_facet_obeys_the_others_and_keeps_its_own_alternatives(visitor, works):
    asked = {"artist_is": ["EDOUARD MANET"], "medium_is": ["bronze", "oil on canvas"]}
    answer = visitor.get(ADDRESS, asked).json()
    assert answer["count"] == 4
    assert counts(answer, "artist") == {"Édouard Manet": 4, "Berthe Morisot": 1}
    assert [v["value"] for v in facet(answer, "artist")["values"] if v["chosen"]] == [
        "Édouard Manet"
    ]
    assert counts(answer, "medium") == {"Oil on canvas": 4, "bronze": 0}
    assert all(value["chosen"] for value in facet(answer, "medium")["values"])


def test_a_chosen_century_has_decades(visitor, works):
    answer = visitor.get(ADDRESS, {"year_from": 1801, "year_to": 1900}).json()
    assert [each["year_from"] for each in answer["centuries"] if each["chosen"]] == [1801]
    decades = {each["year_from"]: each["count"] for each in answer["decades"]}
    assert decades == {1860: 4, 1870: 1, 1880: 1}
    answer = visitor.get(ADDRESS, {"year_from": " 1860.0", "year_to": "１８６９"}).json()
    assert [each["year_from"] for each in answer["decades"] if each["chosen"]] == [1860]
    assert visitor.get(ADDRESS).json()["decades"] == []


def test_the_number_of_values_is_bounded(visitor, db, settings):
    Artwork.objects.bulk_create(
        Artwork(title="x", artist=f"Artist {index}", is_public=True) for index in range(25)
    )
    search_keys.refresh_stale()
    found = facet(visitor.get(ADDRESS).json(), "artist")
    assert (len(found["values"]), found["more"]) == (20, True)
    found = facet(visitor.get(ADDRESS, {"limit": 25}).json(), "artist")
    assert (len(found["values"]), found["more"]) == (25, False)
    chosen = facet(visitor.get(ADDRESS, {"limit": 2, "artist_is": "Artist 24"}).json(), "artist")
    assert [(each["value"], each["chosen"]) for each in chosen["values"]][-1] == ("Artist 24", True)
    settings.STYLESIM_MAX_RESULTS = 10
    assert visitor.get(ADDRESS, {"limit": 11}).status_code == 400


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("artsit=x", "artsit"),
        ("ordering=title", "ordering"),
        ("year_from=late", "year_from"),
        ("artist_is=" + "x" * 501, "artist_is"),
        ("&".join(f"artist_is={index}" for index in range(21)), "artist_is"),
        ("artist_is=a%00", "artist_is"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(visitor, db, query, name):
    response = visitor.get(f"{ADDRESS}?{query}")
    assert response.status_code == 400
    assert list(response.json()["errors"]) == [name]


def test_facets_cost_a_few_queries_whatever_the_number_of_works(
    visitor, works, settings, django_assert_max_num_queries
):
    # Callers are counted in another cache than the database.
    settings.STYLESIM_THROTTLE_CACHE = "default"
    with django_assert_max_num_queries(8):
        visitor.get(ADDRESS)


def test_facets_are_throttled_for_visitors(visitor, curator, settings, db):
    settings.STYLESIM_FACETS_THROTTLE = "2/hour"
    for status in (200, 200, 429):
        answer = visitor.get("/api/artworks/facets/")
        assert answer.status_code == status
    check_problem(answer, 429, "throttled")
    assert 3500 < int(answer["Retry-After"]) <= 3600
    assert curator.get("/api/artworks/facets/").status_code == 200
    assert visitor.get("/api/artworks/").status_code == 200
