"""Pages of the list, which stay stable while works are added and deleted."""

import itertools
import random

import pytest
from django.db.models import F
from django.db.models.functions import Lower

from stylesim_app.collection import keyset
from stylesim_app.models import Artwork

pytestmark = pytest.mark.django_db
LIST = "/api/artworks/"
ORDERINGS = [
    "",
    "created",
    "title",
    "-title",
    "artist",
    "-artist,title",
    "year_number",
    "-year_number",
]


def add(number, **facts):
    facts = {"title": f"work {number}", "is_public": True, "image": "a.png", **facts}
    return Artwork.objects.create(**facts)


@pytest.fixture
def works():
    chosen = random.Random(5)
    for number in range(30):
        add(
            number,
            title=chosen.choice(["Étude", "Study 2", "Study 10", "富嶽"]),
            artist=chosen.choice(["", "Émile", "Anna"]),
            year=chosen.choice(["", "1889", "5th century BC"]),
        )


def read(client, link, direction="next"):
    while link:
        page = client.get(link).json()
        yield [work["id"] for work in page["results"]]
        link = page[direction]


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_cursors_lead_through_the_list_in_its_order_and_back(visitor, works, ordering):
    query = f"?ordering={ordering}&page_size=7"
    numbered = [
        work["id"]
        for page in range(1, 6)
        for work in visitor.get(f"{LIST}{query}&page={page}").json()["results"]
    ]
    pages = list(read(visitor, LIST + query))
    assert list(itertools.chain(*pages)) == numbered
    assert [len(page) for page in pages] == [7, 7, 7, 7, 2]
    last = visitor.get(f"{LIST}{query}&page=5").json()
    assert last["next"] is None
    back = list(read(visitor, last["previous"], "previous"))
    assert list(itertools.chain(*reversed(back))) == numbered[:28]


def test_works_that_arrive_or_go_meanwhile_change_nothing_for_the_others(visitor):
    before = [add(number).pk for number in range(60)]
    seen = []
    for number, page in enumerate(read(visitor, f"{LIST}?page_size=20")):
        seen += page
        for extra in range(5):
            add(f"new {number} {extra}")
        Artwork.objects.filter(pk=page[0]).delete()
    assert len(seen) == len(set(seen))
    assert set(seen) == set(before)


def test_a_page_is_three_queries(visitor, works, django_assert_max_num_queries):
    link = visitor.get(f"{LIST}?page_size=5&ordering=title").json()["next"]
    with django_assert_max_num_queries(3):
        assert len(visitor.get(link).json()["results"]) == 5


def test_the_count_is_that_of_the_list(visitor, works):
    first = visitor.get(f"{LIST}?page_size=5").json()
    assert first["count"] == visitor.get(first["next"]).json()["count"] == 30
    assert first["previous"] is None


@pytest.mark.parametrize("cursor", ["", "x", "a:b", "x" * 10_000, "%00", "%ED%A0%80"])
def test_a_cursor_that_was_not_given_out_is_refused(visitor, works, cursor):
    answer = visitor.get(f"{LIST}?cursor={cursor}")
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"cursor"}


def test_a_cursor_belongs_to_its_order_and_replaces_the_page(visitor, works):
    link = visitor.get(f"{LIST}?page_size=5&ordering=title").json()["next"]
    for changed in (link.replace("ordering=title", "ordering=artist"), f"{link}&page=2"):
        assert set(visitor.get(changed).json()["errors"]) == {"cursor"}


@pytest.mark.parametrize(
    "ordering", [(Lower("title"),), ("?",), ("stylesim_entry",), (F("title") + 1,)]
)
def test_an_order_by_an_expression_has_no_cursors(ordering):
    assert keyset.terms_of(Artwork.objects.order_by(*ordering)) is None


def test_a_model_is_ordered_by_its_fields_up_to_the_key():
    terms = keyset.terms_of(Artwork.objects.order_by("-year_number", "id", "title"))
    assert [str(term) for term in terms] == ["-year_number", "pk"]
    assert [term.nullable for term in terms] == [True, False]
