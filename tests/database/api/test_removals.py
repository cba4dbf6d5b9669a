"""The removals that a client which keeps a copy of the collection learns of."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from stylesim_app import tasks
from stylesim_app.models import Artwork, Tombstone
from stylesim_app.work import tombstones, trash

from .conftest import check_problem

LIST = "/api/artworks/"
REMOVED = f"{LIST}removed/"


def removed(client, **parameters):
    """The ids that a caller is told of, page by page."""
    since = (timezone.now() - timedelta(days=1)).isoformat()
    answer = client.get(REMOVED, {"since": since, **parameters})
    found = []
    while True:
        assert answer.status_code == 200, answer.content
        page = answer.json()
        assert all(each.keys() == {"id", "removed"} for each in page["results"])
        found += [each["id"] for each in page["results"]]
        if page["next"] is None:
            return found
        answer = client.get(page["next"])


def test_a_deleted_work(visitor, curator, make_artwork):
    keys = [make_artwork(name).pk for name in ("disc-a", "disc-b", "disc-c")]
    assert removed(visitor) == []
    curator.delete(f"{LIST}{keys[1]}/")
    Artwork.objects.filter(pk=keys[0]).delete()
    assert removed(visitor) == removed(curator) == [keys[1], keys[0]]
    assert removed(visitor, page_size=1) == [keys[1], keys[0]]


def test_a_work_in_the_trash_until_it_is_restored(visitor, curator, make_artwork):
    work = make_artwork()
    changed = Artwork.objects.get().modified
    trash.move(Artwork.objects.all())
    assert removed(visitor) == removed(curator) == [work.pk]
    trash.restore(trash.works())
    assert removed(visitor) == removed(curator) == []
    # A client that forgot the work reads it as changed.
    assert Artwork.objects.get().modified > changed
    trash.move(Artwork.objects.all())
    trash.delete(trash.works())
    assert set(removed(visitor)) == set(removed(curator)) == {work.pk}


@pytest.mark.parametrize("by", ["save", "api", "action"])
def test_a_work_that_is_hidden(visitor, curator, make_artwork, by):
    work = make_artwork()
    if by == "save":
        work.is_public = False
        work.save()
    elif by == "api":
        curator.patch(f"{LIST}{work.pk}/", {"is_public": False}, format="json")
    else:
        changed = Artwork.objects.get().modified
        tombstones.update(Artwork.objects.all(), is_public=False)
        assert Artwork.objects.get().modified > changed
    assert removed(visitor) == [work.pk]
    # Staff still see it.
    assert removed(curator) == []
    work.is_public = True
    work.save()
    assert removed(visitor) == []


def test_a_change_that_hides_nothing_leaves_no_tombstone(make_artwork):
    work = make_artwork()
    work.title = "Other"
    work.save()
    tombstones.update(Artwork.objects.all(), is_public=True)
    assert Artwork.objects.get().modified == work.modified
    assert not Tombstone.objects.exists()


def test_works_that_a_caller_never_saw_are_not_named(
    visitor, curator, with_permissions, make_artwork
):
    work = make_artwork(is_public=False)
    trash.move(Artwork.objects.all())
    assert removed(curator) == [work.pk]
    # Whoever sees all that is left is not the one who saw all that was there.
    for client in (visitor, with_permissions(), with_permissions("add_artwork", is_staff=True)):
        assert removed(client) == []


def test_a_rolled_back_deletion_is_none(visitor, make_artwork):
    work = make_artwork()
    with transaction.atomic():
        work.delete()
        transaction.set_rollback(True)
    assert removed(visitor) == []


def test_the_moment_bounds_the_list_and_how_far_back_it_reaches(visitor, make_artwork, settings):
    settings.STYLESIM_TOMBSTONE_DAYS = 10
    make_artwork().delete()
    now = timezone.now()
    assert removed(visitor, since=(now + timedelta(minutes=1)).isoformat()) == []
    assert visitor.get(REMOVED, {"since": (now - timedelta(days=9)).isoformat()}).json()["count"]
    late = {"since": (now - timedelta(days=11)).isoformat()}
    problem = check_problem(visitor.get(REMOVED, late), 410, "since_too_old")
    assert "10 days" in problem["detail"]
    Tombstone.objects.update(removed_at=now - timedelta(days=9))
    tasks.ring_again()
    assert Tombstone.objects.exists()
    Tombstone.objects.update(removed_at=now - timedelta(days=11))
    tasks.ring_again()
    assert not Tombstone.objects.exists()


@pytest.mark.parametrize("query", ["", "?since=", "?since=yesterday"])
def test_the_moment_is_required(visitor, db, query):
    problem = check_problem(visitor.get(REMOVED + query), 400, "invalid")
    assert list(problem["errors"]) == ["since"]


def test_what_a_caller_has_is_not_sent_again(visitor, make_artwork):
    asked = {"since": timezone.now().isoformat()}
    make_artwork().delete()
    tag = visitor.get(REMOVED, asked)["ETag"]
    assert visitor.get(REMOVED, asked, headers={"if-none-match": tag}).status_code == 304
    make_artwork("disc-b").delete()
    assert visitor.get(REMOVED, asked, headers={"if-none-match": tag}).status_code == 200


def test_a_catalogue_that_follows_the_how_to_keeps_the_same_works(visitor, curator, make_artwork):
    """Removals first, then changes, both since the begin of the previous run."""
    copy: dict[int, str] = {}

    def run(since):
        begun = timezone.now()
        for key in removed(visitor, since=since.isoformat()):
            copy.pop(key, None)
        asked = {"changed_since": since.isoformat(), "ordering": "modified"}
        copy.update(
            {each["id"]: each["title"] for each in visitor.get(LIST, asked).json()["results"]}
        )
        assert copy == dict(Artwork.objects.filter(is_public=True).values_list("pk", "title"))
        return begun

    works = [make_artwork(name) for name in ("disc-a", "disc-b", "disc-c")]
    since = run(timezone.now() - timedelta(days=1))
    works[0].delete()
    tombstones.update(Artwork.objects.filter(pk=works[1].pk), is_public=False)
    since = run(since)
    tombstones.update(Artwork.objects.all(), is_public=True)
    trash.move(Artwork.objects.filter(pk=works[2].pk))
    since = run(since)
    trash.restore(trash.works())
    run(since)
