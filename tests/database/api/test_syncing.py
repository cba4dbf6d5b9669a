"""The needs of catalogues that keep a copy: changes, look-up, some fields, conditional requests."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from stylesim_app.models import Artwork, IndexEntry

from .conftest import check_problem, upload

LIST = "/api/artworks/"


def address(artwork):
    return f"{LIST}{artwork.pk}/"


def titles(response):
    return [work["title"] for work in response.json()["results"]]


def test_a_work_shows_its_times_and_its_picture_once_it_was_read(
    visitor, make_artwork, run_worker, django_capture_on_commit_callbacks
):
    artwork = make_artwork("disc-a")
    answer = visitor.get(address(artwork)).json()
    assert datetime.fromisoformat(answer["created"]) == artwork.created
    assert datetime.fromisoformat(answer["modified"]) == artwork.modified
    assert (answer["width"], answer["height"], answer["sha256"]) == (None, None, None)
    run_worker()
    answer = visitor.get(address(artwork)).json()
    assert (answer["width"], answer["height"]) == (96, 72)
    assert answer["sha256"] == IndexEntry.objects.get().image_sha256
    with django_capture_on_commit_callbacks(execute=True):
        artwork.image.save("other.png", upload("bars-b"))
    assert visitor.get(address(artwork)).json()["width"] is None


def test_the_times_of_a_work_cannot_be_written(curator, make_artwork):
    artwork = make_artwork()
    sent = {"created": "2001-01-01T00:00:00Z", "width": 7, "title": "New"}
    assert curator.patch(address(artwork), sent, format="json").status_code == 200
    assert Artwork.objects.get().created == artwork.created


def test_works_changed_since_a_moment(visitor, make_artwork):
    now = timezone.now().replace(microsecond=0)
    for days, name in enumerate(("disc-a", "disc-b", "disc-c")):
        work = make_artwork(name)
        Artwork.objects.filter(pk=work.pk).update(modified=now - timedelta(days=days))
    since = (now - timedelta(days=1)).isoformat()
    assert titles(visitor.get(LIST, {"changed_since": since, "ordering": "modified"})) == [
        *("disc-b", "disc-a")
    ]
    # In an address, the plus sign of an offset is a space.
    assert "+00:00" in since
    assert visitor.get(f"{LIST}?changed_since={since}").json()["count"] == 2
    assert visitor.get(LIST, {"changed_since": since.replace("+00:00", "Z")}).json()["count"] == 2
    assert visitor.get(LIST, {"changed_since": f"{now:%Y-%m-%d}"}).json()["count"] == 1
    assert titles(visitor.get(LIST, {"ordering": "-modified"})) == ["disc-a", "disc-b", "disc-c"]


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9" * 50, "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_is_none(visitor, db, text):
    response = visitor.get(LIST, {"changed_since": text})
    assert list(check_problem(response, 400, "invalid")["errors"]) == ["changed_since"]


def test_a_work_is_found_by_its_accession_number(visitor, make_artwork):
    make_artwork("disc-a", accession_number="RP-F-2001-7")
    make_artwork("disc-b", accession_number="RP-F-2001-71")
    make_artwork("disc-c", accession_number="rp–f–2001–7 ")
    for written in ("RP-F-2001-7", "rp-f-2001-7", "RP‑F‑2001‑7"):
        found = visitor.get(LIST, {"accession_number": written, "ordering": "title"})
        assert titles(found) == ["disc-a", "disc-c"]
    assert titles(visitor.get(LIST, {"q": "2001-71"})) == ["disc-b"]
    assert titles(visitor.get(LIST, {"accession_number": "2001"})) == []
    # Nothing that can be compared is left of it.
    assert titles(visitor.get(LIST, {"accession_number": "\u200b"})) == []


def test_some_fields_of_each_work(visitor, collection, run_worker):
    run_worker()
    work = collection["disc-a"]
    assert visitor.get(address(work), {"fields": "title,index"}).json().keys() == {
        *("id", "title", "index")
    }
    listed = visitor.get(f"{LIST}?fields=title&fields=artist,title").json()["results"]
    assert {tuple(each) for each in listed} == {("id", "title", "artist")}
    for lane in ("measure", "content"):
        answer = visitor.get(f"{address(work)}similar/", {"fields": "title", "lane": lane}).json()
        assert answer["query"] == {"id": work.pk, "title": "disc-a"}
        assert all(each["artwork"].keys() == {"id", "title"} for each in answer["results"])
    assert len(visitor.get(address(work), {"fields": ""}).json()) > 15


@pytest.mark.parametrize("text", ["titel", "title,image.url", ",".join(["title"] * 40), "a\0"])
def test_fields_that_there_are_not(visitor, make_artwork, text):
    for place in (LIST, address(make_artwork())):
        problem = check_problem(visitor.get(place, {"fields": text}), 400, "invalid")
        assert "sha256" in problem["errors"]["fields"][0]


def test_writing_takes_no_fields(curator, make_artwork):
    response = curator.patch(f"{address(make_artwork())}?fields=title", {}, format="json")
    assert list(check_problem(response, 400, "invalid")["errors"]) == ["fields"]


@pytest.mark.parametrize(
    "rest", ["", "{}/", "facets/", "{}/similar/", "{}/similar/?lane=content", "?fields=title"]
)
def test_what_a_caller_has_is_not_sent_again(visitor, collection, run_worker, rest):
    run_worker()
    work = collection["disc-a"]
    target = LIST + rest.format(work.pk)
    first = visitor.get(target)
    tag = first["ETag"]
    for sent in (tag, f'"other", W/{tag}', "*"):
        again = visitor.get(target, headers={"if-none-match": sent})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert {"Authorization", "Cookie"} <= set(again["Vary"].split(", "))
        assert "private" in again["Cache-Control"]
    assert visitor.get(target, headers={"if-none-match": '"other"'}).content == first.content
    Artwork.objects.filter(pk=work.pk).update(title="Changed", artist="Changed")
    if rest != "facets/":
        assert visitor.get(target, headers={"if-none-match": tag}).status_code == 200


def test_a_tag_gives_nothing_away(visitor, curator, make_artwork):
    work = make_artwork(is_public=False)
    tag = curator.get(address(work))["ETag"]
    assert visitor.get(address(work), headers={"if-none-match": tag}).status_code == 404
    assert visitor.get(LIST)["ETag"] != curator.get(LIST)["ETag"]
    assert {"private", "no-store"} <= set(curator.get(LIST)["Cache-Control"].split(", "))


@pytest.mark.parametrize("method", ["patch", "put", "delete"])
def test_what_changed_meanwhile_is_not_written_over(curator, make_artwork, method):
    work = make_artwork()
    tag = curator.get(address(work))["ETag"]
    facts = {"title": "Mine", **({"image": upload()} if method == "put" else {})}
    body = {"data": facts, "format": "multipart"} if method != "delete" else {}
    write = getattr(curator, method)
    Artwork.objects.update(title="Theirs")
    response = write(address(work), headers={"if-match": tag}, **body)
    assert "Read it again" in check_problem(response, 412, "precondition_failed")["detail"]
    assert Artwork.objects.get().title == "Theirs"
    if method == "put":
        facts["image"] = upload()
    tag = curator.get(address(work))["ETag"]
    response = write(address(work), headers={"if-match": tag}, **body)
    assert response.status_code == (204 if method == "delete" else 200)
    assert not Artwork.objects.filter(title="Theirs").exists()


def test_a_condition_reveals_no_hidden_work(with_permissions, make_artwork):
    work = make_artwork(is_public=False)
    client = with_permissions("change_artwork")
    response = client.patch(address(work), {}, format="json", headers={"if-match": '"x"'})
    check_problem(response, 404, "not_found")
