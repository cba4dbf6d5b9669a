"""Search keys: found by letters as readers compare them, and kept current."""

import unicodedata

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from stylesim_app.collection.filters import artwork_filterset, same_artist
from stylesim_app.index import search_keys
from stylesim_app.models import Artwork, SearchKeys
from stylesim_app.work import worklist

pytestmark = pytest.mark.django_db


def find(**query):
    filters = artwork_filterset()(query, queryset=Artwork.objects.all())
    assert filters.is_valid(), filters.errors
    return [work.title for work in filters.qs]


def add(*titles, **facts):
    return [Artwork.objects.create(title=title, image="a.png", **facts) for title in titles]


@pytest.mark.parametrize(
    "word",
    [
        *("étude", "etude", "ÉTUDE", unicodedata.normalize("NFD", "Étude"), "bleu étude"),
        *("L'ÉTUDE", "l’etude", "ﬁne"),
    ],
)
def test_words_are_found_whatever_their_letters(word):
    add("L’Étude en bleu, fine", "Other")
    assert find(q=word) == ["L’Étude en bleu, fine"]


@pytest.mark.parametrize(
    ("fact", "value", "part"),
    [
        ("artist", "Илья Репин", "репин"),
        ("artist", "葛飾北斎", "北斎"),
        ("medium", "Öl auf Leinwand", "ol AUF"),
        ("collection", "İstanbul Modern", "istanbul"),
        ("exhibition", "Łódź 1930", "lodz"),
    ],
)
def test_filters_compare_letters_as_the_search_does(fact, value, part):
    add("found", **{fact: value})
    add("other")
    assert find(**{fact: part}) == ["found"]


@pytest.mark.parametrize("sign", ["%", "_", "\\", "100%"])
def test_signs_of_the_database_mean_themselves(sign):
    add(f"Discount {sign} signed", "Plain 100")
    assert find(q=sign) == [f"Discount {sign} signed"]


def test_the_same_artist_is_known_by_folded_letters():
    add("a", artist="Émile Bernard")
    add("b", artist="EMILE BERNARD")
    add("c", artist="Emile")
    add("d")
    others = Artwork.objects.exclude(same_artist("Emile Bernard"))
    assert {work.title for work in others} == {"c", "d"}


def test_the_order_is_natural():
    add("Zebra", "Study 10", "apple", "Étude", "study 2")
    assert find(ordering="title") == ["apple", "Étude", "study 2", "Study 10", "Zebra"]
    assert find(ordering="-title") == ["Zebra", "Study 10", "study 2", "Étude", "apple"]


def test_undated_works_and_works_without_an_artist_are_last_both_ways():
    for title, year in (("old", "5th century BC"), ("none", ""), ("new", "1889")):
        add(title, year=year, artist=title if year else "")
    assert find(ordering="year_number") == ["old", "new", "none"]
    assert find(ordering="-year_number") == ["new", "old", "none"]
    assert find(ordering="artist") == ["new", "old", "none"]
    assert find(ordering="-artist") == ["old", "new", "none"]


@pytest.mark.parametrize(
    ("year", "query", "found"),
    [
        ("17th century", {"year_from": 1690}, True),
        ("17th century", {"year_from": 1701}, False),
        ("17th century", {"year_from": 1650, "year_to": 1651}, True),
        ("1500 to 1200 BC", {"year_to": -1400}, True),
        ("1500 to 1200 BC", {"year_from": -1100}, False),
        ("12,000 BC", {"year_to": -10000}, True),
        ("after 1650", {"year_from": 1650}, True),
        # An open end says nothing about other ages.
        ("after 1650", {"year_from": 1900}, False),
        ("before 1650", {"year_to": 1000}, False),
        ("undated", {"year_to": 2000}, False),
    ],
)
def test_years_are_filtered_by_their_range(year, query, found):
    add("work", year=year)
    assert find(**query) == (["work"] if found else [])


@pytest.mark.parametrize(
    "query",
    [
        {"q": " ".join(f"w{number}" for number in range(11))},
        {"q": "a" * 201},
        {"artist": "a" * 201},
        {"q": "a\0b"},
        {"ordering": ",".join(["title"] * 50)},
        {"ordering": "title,-title"},
        {"year_from": "-1000000"},
    ],
)
def test_more_than_one_search_looks_for_is_refused(query):
    filters = artwork_filterset()(query, queryset=Artwork.objects.all())
    assert not filters.is_valid()
    assert set(filters.errors) == set(query)


def test_ten_words_are_one_query(django_assert_num_queries):
    add(" ".join("abcdefghij"))
    with django_assert_num_queries(1):
        assert find(q=" ".join("jihgfedcba")) == ["a b c d e f g h i j"]


def test_a_query_of_accents_alone_is_no_error():
    add("a")
    assert find(q="\u0301") == ["a"]


# Kept current


def test_keys_follow_the_artwork():
    [work] = add("Étude", year="1889")
    work.title = "Autre"
    work.save()
    assert find(q="autre") == ["Autre"]
    assert find(q="etude") == []
    work.delete()
    assert not SearchKeys.objects.exists()


def test_changes_without_a_signal_are_found_by_the_next_pass():
    add("Étude", "Same")
    Artwork.objects.filter(title="Étude").update(title="Élan", year="1589")
    Artwork.objects.bulk_create([Artwork(title="Übung", image="b.png")])
    assert find(q="elan") == []
    assert search_keys.refresh_stale() == 2
    assert find(q="elan") == ["Élan"]
    assert find(q="ubung") == ["Übung"]
    assert search_keys.refresh_stale() == 0


def test_the_worker_looks_for_changes_without_a_signal():
    add("Étude")
    Artwork.objects.update(title="Élan")
    worklist.reconcile()
    assert find(q="elan") == ["Élan"]


def test_existing_artworks_get_their_keys_after_a_migration():
    add("Étude")
    SearchKeys.objects.all().delete()
    search_keys.fill(using=connection.alias)
    assert find(q="etude") == ["Étude"]


# The number follows the text


def test_the_number_follows_a_corrected_text():
    add("work", year="1889")
    again = Artwork.objects.get()
    again.year = "1589"
    again.save()
    assert Artwork.objects.get().year_number == 1589
    again.year = "unknown"
    again.save(update_fields=["year"])
    assert Artwork.objects.get().year_number is None


def test_a_number_that_a_person_entered_stays():
    [work] = add("work", year="Edo period", year_number=1700)
    work.year = "Edo period, signed"
    work.save()
    assert Artwork.objects.get().year_number == 1700
    keys = SearchKeys.objects.get()
    assert (keys.earliest, keys.latest, keys.year) == (1700, 1700, 1700)
    work.year_number = None
    work.save()
    assert Artwork.objects.get().year_number == 1603


def test_a_new_picture_changes_no_number():
    [work] = add("work", year="1889", year_number=1890)
    work.image.save("b.png", ContentFile(b""), save=False)
    work.save()
    assert Artwork.objects.get().year_number == 1890
