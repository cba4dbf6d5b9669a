"""Actions and the page of similar works in the admin, with their permissions."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission
from django_q.models import OrmQ

from stylesim_app import files
from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
from tests.admin_pages import (
    ENTRIES,
    LIST,
    SIMILAR,
    act,
    fail,
    messages_of,
    ranked_titles,
    titles_of,
)


@pytest.fixture
def make_staff(client, django_user_model):
    """Log in a member of staff with the permissions named."""

    def make(*codenames):
        user = django_user_model.objects.create_user("limited", password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client.force_login(user)
        return client

    return make


def test_the_action_leads_to_the_ranked_page_of_one_work(staff_client, collection):
    response = act(staff_client, "find_similar_works", [collection["disc-a"]])
    assert response.status_code == 302
    assert response.url == f"{SIMILAR}?ids={collection['disc-a'].pk}"


def test_several_works_are_ranked_one_under_another(staff_client, collection):
    chosen = [collection["disc-a"], collection["bars-c"]]
    page = staff_client.get(f"{SIMILAR}?ids={','.join(str(work.pk) for work in chosen)}")
    html = page.content.decode()
    queries = [section.query.artwork for section in page.context["sections"]]
    assert set(queries) == set(chosen)
    assert ranked_titles(html) == [titles_of(artwork) for artwork in queries]
    assert "Similar works for 2 selected works" in html


def test_one_query_is_named_in_the_heading(staff_client, collection):
    html = staff_client.get(f"{SIMILAR}?ids={collection['disc-a'].pk}").content.decode()
    assert "<h1>Works similar to disc-a</h1>" in html


def test_more_than_ten_are_not_asked_about_at_once(staff_client, collection):
    keys = ",".join(str(work.pk) for work in collection.values())
    page = staff_client.get(f"{SIMILAR}?ids={keys}")
    assert len(page.context["sections"]) == 10
    assert messages_of(page) == [
        "Only 10 works can be shown at once; select fewer to see the others."
    ]


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {}),
        ("&preset=style", {"preset": "style"}),
        ("&preset=content&limit=3", {"preset": "content", "limit": 3}),
        ("&preset=balanced", {"preset": "balanced"}),
        (
            "&preset=custom&style_weight=2&content_weight=0.5",
            {"style_weight": 2.0, "content_weight": 0.5},
        ),
        (
            "&preset=style&layer_weights=0,0,0,0,1",
            {"preset": "style", "layer_weights": (0.0, 0.0, 0.0, 0.0, 1.0)},
        ),
        ("&exclude_same_artist=on", {"exclude_same_artist": True}),
    ],
)
def test_options_reach_the_ranking(staff_client, collection, query, options):
    artwork = collection["disc-a"]
    page = staff_client.get(f"{SIMILAR}?ids={artwork.pk}{query}")
    (section,) = page.context["sections"]
    works = Artwork.objects.all()
    expected = find_similar(artwork, RankingOptions(**options), works, works)
    assert section.answer.results == expected.results
    assert section.answer.weighting == expected.weighting
    assert ranked_titles(page.content.decode()) == [titles_of(artwork, **options)]


def test_candidates_can_be_narrowed(staff_client, collection):
    address = f"{SIMILAR}?ids={collection['disc-a'].pk}&collection=bars&year_to=1840"
    html = staff_client.get(address).content.decode()
    assert sorted(ranked_titles(html)[0]) == ["bars-a", "bars-b"]
    assert re.search(r"<details open>\s*<summary>Filter works", html)
    html = staff_client.get(f"{address}&q=nothing").content.decode()
    assert "No works match. Try fewer words or filters." in html


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("&preset=loud", "Unknown preset"),
        ("&preset=custom&style_weight=-1", "must not be negative"),
        ("&preset=custom&style_weight=much", "Enter a number."),
        ("&preset=custom&style_weight=0&content_weight=0", "must not both be zero"),
        ("&layer_weights=1,2", "Enter 5 layer weights, not 2"),
        ("&layer_weights=a,b", "Enter 5 numbers"),
        ("&limit=100000", "Enter at most 100"),
        ("&limit=0", "greater than or equal to 1"),
        ("&year_from=late", "Enter a whole number."),
    ],
)
def test_a_wrong_option_is_told_and_nothing_is_ranked(staff_client, collection, query, message):
    page = staff_client.get(f"{SIMILAR}?ids={collection['disc-a'].pk}{query}")
    assert page.status_code == 200
    assert message in page.content.decode()
    assert page.context["sections"] == []


def test_a_query_that_is_not_indexed_says_so_beside_the_others(
    staff_client, collection, make_artwork
):
    new = make_artwork("disc-a", title="new one")
    page = staff_client.get(f"{SIMILAR}?ids={new.pk},{collection['disc-b'].pk}")
    first, second = page.context["sections"]
    assert first.reason == "This work is waiting to be indexed. Please try again in a moment."
    assert first.results == []
    assert first.formula == ""
    assert len(second.results) == 10


def test_a_damaged_descriptor_is_the_reason_that_is_shown(staff_client, collection):
    artwork = collection["disc-a"]
    stored = StoredDescriptor.objects.get(entry__artwork=artwork)
    files.private_storage().delete(stored.file_name)
    html = staff_client.get(f"{SIMILAR}?ids={artwork.pk}").content.decode()
    assert "The descriptor file is missing from storage." in html


@pytest.mark.parametrize("ids", ["", ",", "0", "999999999", "abc", "1;2", "9" * 40, "_00"])
def test_no_such_query_is_not_found(staff_client, collection, ids):
    assert staff_client.get(SIMILAR, {"ids": ids}).status_code == 404


def test_index_again_enters_the_selected_works_and_rings(
    staff_client, collection, make_artwork, django_capture_on_commit_callbacks
):
    fail(collection["disc-b"])
    new = make_artwork("disc-a", title="new one")
    Artwork.objects.create(title="without a picture")
    OrmQ.objects.all().delete()
    chosen = [collection["disc-a"], collection["disc-b"], new]
    with django_capture_on_commit_callbacks(execute=True):
        response = act(staff_client, "index_again", chosen)
    assert messages_of(staff_client.get(response.url)) == ["3 works will be indexed again."]
    waiting = IndexEntry.objects.filter(state="pending", attempts=0, error="")
    assert {entry.artwork for entry in waiting} == set(chosen)
    assert OrmQ.objects.count() == 1
    # What was described before serves until then.
    assert StoredDescriptor.objects.filter(entry__artwork=collection["disc-a"]).exists()


def test_index_again_of_nothing_to_index_says_so(staff_client, db):
    artwork = Artwork.objects.create(title="without a picture")
    response = act(staff_client, "index_again", [artwork])
    assert messages_of(staff_client.get(response.url)) == [
        "None of the selected works has a picture to index."
    ]
    assert not IndexEntry.objects.exists()


def test_index_again_is_followed_through_by_the_worker(staff_client, collection, run_worker):
    artwork = collection["disc-b"]
    fail(artwork)
    act(staff_client, "index_again", [artwork])
    run_worker()
    entry = IndexEntry.objects.get(artwork=artwork)
    assert (entry.state, entry.error) == ("indexed", "")


def test_staff_who_may_only_view(make_staff, collection):
    client = make_staff("view_artwork")
    artwork = collection["disc-a"]
    page = client.get(LIST)
    assert set(dict(page.context["action_form"].fields["action"].choices)) == {
        "",
        "find_similar_works",
        "export_table",
    }
    IndexEntry.objects.update(state="failed")
    act(client, "index_again", [artwork])
    assert not IndexEntry.objects.filter(state="pending").exists()
    IndexEntry.objects.update(state="indexed")
    record = client.get(f"{LIST}{artwork.pk}/change/")
    assert len(ranked_titles(record.content.decode())[0]) == 10
    assert 'name="_save"' not in record.content.decode()
    assert client.post(f"{LIST}{artwork.pk}/change/", {"title": "mine"}).status_code == 403
    assert client.get(f"{SIMILAR}?ids={artwork.pk}").status_code == 200
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(ENTRIES).status_code == 403


@pytest.mark.parametrize(
    "page", ["", "similar/?ids={pk}", "{pk}/change/", "{pk}/picture/small.jpg"]
)
def test_staff_without_permission_and_visitors_see_nothing(make_staff, client, collection, page):
    address = LIST + page.format(pk=collection["disc-a"].pk)
    response = client.get(address)
    assert response.status_code == 302
    assert response.url.startswith("/admin/login/")
    assert make_staff().get(address).status_code == 403


def test_staff_who_may_index_but_not_change(make_staff, collection):
    client = make_staff("view_artwork", "change_indexentry")
    act(client, "index_again", [collection["disc-a"]])
    assert IndexEntry.objects.get(state="pending").artwork == collection["disc-a"]
    page = client.get(ENTRIES)
    assert "index_again" in dict(page.context["action_form"].fields["action"].choices)
    assert client.get(f"{LIST}{collection['disc-a'].pk}/change/").status_code == 200


def test_who_may_delete_artworks_needs_no_permission_for_entries(
    make_staff, collection, django_capture_on_commit_callbacks, settings
):
    settings.STYLESIM_TRASH_DAYS = 0
    client = make_staff("view_artwork", "delete_artwork")
    artwork = collection["disc-a"]
    with django_capture_on_commit_callbacks(execute=True):
        response = act(client, "delete_selected", [artwork], post="yes")
    assert response.status_code == 302
    assert not Artwork.objects.filter(pk=artwork.pk).exists()
    assert IndexEntry.objects.count() == 11
    assert not artwork.image.storage.exists(artwork.image.name)


def test_works_are_shown_to_the_public_and_hidden_again(make_staff, make_artwork):
    works = [make_artwork(name, is_public=False) for name in ("disc-a", "disc-b")]
    client = make_staff("view_artwork", "change_artwork")
    act(client, "make_public", works)
    assert "2 works are now public." in messages_of(client.get(LIST))
    assert Artwork.objects.filter(is_public=True).count() == 2
    act(client, "make_private", works[:1])
    assert "1 work is now hidden from the public." in messages_of(client.get(LIST))
    assert Artwork.objects.filter(is_public=True).count() == 1


def test_who_may_only_look_cannot_publish(make_staff, make_artwork):
    work = make_artwork(is_public=False)
    act(make_staff("view_artwork"), "make_public", [work])
    work.refresh_from_db()
    assert not work.is_public
