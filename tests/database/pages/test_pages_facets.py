"""Facets on the gallery page: links that choose and remove values."""

from __future__ import annotations

import html
import re

import pytest

from stylesim_app.index import search_keys
from stylesim_app.models import Artwork
from stylesim_app.views.facets import years_in_words


@pytest.fixture
def works(db):
    rows = [("Vincent van Gogh", "1889"), ("vincent van gogh", "1888"), ("Hokusai", "c. 1831")]
    for artist, year in [*rows, ("", "5th century BC")]:
        Artwork.objects.create(title="Work", artist=artist, year=year, is_public=True)
    Artwork.objects.create(title="Hidden", artist="Nobody", year="1700")


def links(client, address):
    """The text and the address of each link that changes the filters of a page."""
    page = client.get(address).content.decode()
    found = re.findall(r'<a (?:class="[\w-]+" )?href="(\?[^"]*)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return {
        " ".join(re.sub(r"<[^>]+>", " ", text).split()): html.unescape(target)
        for target, text in found
    }


def count(client, address):
    return client.get(address).context["page"].paginator.count


def test_each_link_shows_as_many_works_as_it_says(client, works):
    found = links(client, "/")
    assert set(found) == {
        *("Vincent van Gogh 2 works", "Hokusai 1 work", "1801–1900 3 works", "500–401 BC 1 work")
    }
    for text, target in found.items():
        assert count(client, f"/{target}") == int(re.findall(r"(\d+) works?$", text)[0])


def test_what_is_chosen_is_removed_and_the_rest_stays(client, works):
    address = "/?q=work&artist_is=HOKUSAI&page=3&year_from=1801&year_to=1900"
    found = links(client, address)
    chosen = "Hokusai 1 work (chosen; follow the link to remove it)"
    assert found[chosen] == "?q=work&year_from=1801&year_to=1900"
    assert found["Remove filter: Artist: HOKUSAI ×"] == found[chosen]
    assert found["Remove filter: Years: 1801–1900 ×"] == "?q=work&artist_is=HOKUSAI"
    both = found["Vincent van Gogh 2 works"]
    assert count(client, f"/{both}") == 3
    assert "1830–1839 1 work" in found


def test_a_century_is_one_filter_with_its_decades_below_it(client, works):
    text = client.get("/?year_from=1801&year_to=1900").content.decode()
    assert '<span class="badge">1</span>' in text
    marked = re.findall(r'<li( class="facet-inner")?><a [^>]*><bdi>(\d[^<]*)</bdi>', text)
    assert {words: bool(inner) for inner, words in marked} == {
        "500–401 BC": False,
        "1801–1900": False,
        "1830–1839": True,
        "1880–1889": True,
    }


def test_a_text_filter_is_removed_like_a_facet(client, works):
    found = links(client, "/?artist=gogh&accession_number=7")
    assert found["Remove filter: Artist: gogh ×"] == "?accession_number=7"
    assert found["Remove filter: Accession number: 7 ×"] == "?artist=gogh"


def test_more_values_are_shown_on_request(client, db):
    Artwork.objects.bulk_create(
        Artwork(title="x", artist=f"Artist {index:02}", is_public=True) for index in range(12)
    )
    search_keys.refresh_stale()
    found = links(client, "/")
    assert len([text for text in found if text.startswith("Artist ")]) == 8
    found = links(client, "/" + found["Show more : Artist"])
    assert len([text for text in found if text.startswith("Artist ")]) == 12
    assert found["Show fewer : Artist"] == "?"


def test_invalid_filters_have_no_facets(client, works):
    assert client.get("/?year_from=late").status_code == 200
    assert links(client, "/?year_from=late") == {}


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (1801, 1900, "1801–1900"),
        (-500, -401, "500–401 BC"),
        (-27, 14, "27 BC–14"),
        (1850, None, "from 1850"),
        (None, -100, "until 100 BC"),
    ],
)
def test_years_in_words(first, last, words):
    assert years_in_words(first, last) == words
