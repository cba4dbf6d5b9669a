"""Sets of works in the API: of the caller, shared by token, and as the range of a ranking."""

from __future__ import annotations

import pytest

from stylesim_app.models import Artwork, ImageSearch, Selection
from stylesim_app.selections import keeping

from .conftest import check_problem

LIST = "/api/sets/"


@pytest.fixture
def works(make_artwork):
    return [make_artwork(f"disc-{manner}", title=manner) for manner in "abc"]


@pytest.fixture
def person(with_permissions):
    """A caller with an account and no permission, by token."""
    return with_permissions()


def create(caller, works, **facts):
    sent = {"name": "Mine", "artworks": [work.pk for work in works], **facts}
    response = caller.post(LIST, sent, format="json")
    assert response.status_code == 201, response.content
    return response


def test_a_set_is_created_listed_read_changed_and_deleted(person, works):
    response = create(person, [works[2], works[0]], note="why", shared=True)
    made = response.json()
    address = f"{LIST}{made['id']}/"
    assert response["Location"] == f"http://testserver{address}"
    assert made["artworks"] == [works[2].pk, works[0].pk]
    assert (made["name"], made["note"], made["works"], made["shared"]) == ("Mine", "why", 2, True)
    assert made["url"] == f"http://testserver/sets/{made['id']}/"
    assert len(made["token"]) == 32
    [listed] = person.get(LIST).json()["results"]
    assert listed == {name: value for name, value in made.items() if name != "artworks"}
    assert person.get(address).json() == made
    sent = {"artworks": [str(work.pk) for work in works], "shared": False}
    changed = person.patch(address, sent, format="json").json()
    assert changed["artworks"] == [work.pk for work in works]
    assert (changed["name"], changed["token"], changed["works"]) == ("Mine", None, 3)
    assert person.delete(address).status_code == 204
    check_problem(person.get(address), 404, "not_found")
    assert Artwork.objects.count() == 3


def test_works_are_added_listed_in_order_and_removed(person, works):
    address = f"{LIST}{create(person, [works[1]]).json()['id']}/artworks/"
    sent = {"artworks": [works[0].pk, works[1].pk]}
    assert person.post(address, sent, format="json").json() == {"added": 1}
    first = person.get(address, {"page_size": 1}).json()
    assert (first["count"], first["results"][0]["title"]) == (2, "b")
    assert person.get(first["next"]).json()["results"][0]["title"] == "a"
    assert person.delete(f"{address}{works[1].pk}/").status_code == 204
    check_problem(person.delete(f"{address}{works[1].pk}/"), 404, "not_found")
    assert [each["title"] for each in person.get(address).json()["results"]] == ["a"]


def test_a_work_that_the_caller_may_not_see_is_neither_added_nor_lost(person, works):
    made = create(person, works).json()
    Artwork.objects.filter(pk=works[0].pk).update(is_public=False)
    address = f"{LIST}{made['id']}/"
    assert person.get(address).json()["artworks"] == [works[1].pk, works[2].pk]
    assert person.get(LIST).json()["results"][0]["works"] == 2
    sent = {"artworks": [works[0].pk, works[2].pk]}
    problem = check_problem(person.patch(address, sent, format="json"), 400, "invalid")
    assert problem["errors"]["artworks"] == [
        f"Not found, or you do not have access: {works[0].pk}."
    ]
    person.patch(address, {"artworks": [works[2].pk]}, format="json")
    Artwork.objects.update(is_public=True)
    assert person.get(address).json()["artworks"] == [works[2].pk, works[0].pk]


def test_a_set_is_read_by_its_token_and_changed_by_its_owner_alone(
    person, visitor, curator, with_permissions, works
):
    made = create(person, works, shared=True).json()
    by_key, by_token = f"{LIST}{made['id']}/", f"{LIST}{made['token']}/"
    read = visitor.get(by_token).json()
    assert read["artworks"] == made["artworks"]
    assert read["token"] is None
    assert read["url"].endswith(f"/sets/{made['token']}/")
    assert curator.get(by_key).json()["name"] == "Mine"
    assert [each["id"] for each in curator.get(LIST).json()["results"]] == [made["id"]]
    check_problem(visitor.get(by_key), 404, "not_found")
    check_problem(with_permissions().get(by_key), 404, "not_found")
    check_problem(visitor.get(LIST), 401, "not_authenticated")
    check_problem(visitor.patch(by_token, {"name": "x"}, format="json"), 401, "not_authenticated")
    for address in (by_key, by_token):
        refused = curator.patch(address, {"name": "x"}, format="json")
        check_problem(refused, 403, "permission_denied")
        check_problem(curator.delete(address), 403, "permission_denied")
    assert Selection.objects.get().name == "Mine"


def test_limits_are_named(person, works, monkeypatch):
    monkeypatch.setattr(keeping, "MAX_SETS", 1)
    monkeypatch.setattr(keeping, "MAX_WORKS", 2)
    sent = {"name": "Mine", "artworks": [work.pk for work in works]}
    problem = check_problem(person.post(LIST, sent, format="json"), 400, "invalid")
    assert problem["errors"]["artworks"] == ["A set can have 2 works."]
    assert not Selection.objects.exists()
    create(person, works[:2])
    problem = check_problem(person.post(LIST, {"name": "Two"}, format="json"), 400, "invalid")
    assert "You can keep 1 set." in problem["errors"]["artworks"][0]


@pytest.mark.parametrize("query", [{}, {"preset": "style"}, {"style_weight": 2}])
def test_a_ranking_within_a_set_is_that_of_its_members(person, visitor, collection, query):
    names = ("bars-b", "cross-c", "corner-a", "disc-a")
    made = create(person, [collection[name] for name in names], shared=True).json()
    address = f"/api/artworks/{collection['disc-a'].pk}/similar/"
    everything = visitor.get(address, {"limit": 50, **query}).json()["results"]
    wanted = [
        (each["artwork"]["title"], each["distance"])
        for each in everything
        if each["artwork"]["title"] in names
    ]
    for caller, reference in ((person, made["id"]), (visitor, made["token"])):
        answer = caller.get(address, {"within": reference, **query}).json()
        assert [(e["artwork"]["title"], e["distance"]) for e in answer["results"]] == wanted
        assert answer["certified"]
    for reference in (made["id"], "x" * 32, "\0", "-"):
        problem = check_problem(visitor.get(address, {"within": reference}), 400, "invalid")
        assert problem["errors"]["within"] == ["Set not found, or you do not have access to it."]


def test_a_search_takes_the_same_parameter(person, works):
    made = create(person, works).json()
    search = ImageSearch.objects.create(image_name="x", user=None)
    address = f"/api/search/{search.pk}/"
    assert person.get(address, {"within": made["id"]}).json()["state"] == "pending"
    check_problem(person.get(address, {"within": "x"}), 400, "invalid")
