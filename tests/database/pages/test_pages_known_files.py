"""Uploads of a file that the collection has already, on pages and in the admin."""

from __future__ import annotations

import html

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from stylesim_app.models import Artwork
from tests.admin_pages import LIST
from tests.pages import page, upload_of


@pytest.fixture
def send(django_capture_on_commit_callbacks):
    """Upload a picture on the page, and return the response."""

    def post(client, name="disc-a", **facts):
        data = {"title": "second", "image": upload_of(name), **facts}
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(reverse("stylesim:upload"), data)

    return post


def test_a_file_of_the_collection_is_not_added_again_unless_wanted(staff_client, send):
    assert send(staff_client, title="first").status_code == 302
    first = Artwork.objects.get()
    response = send(staff_client)
    text = html.unescape(response.content.decode())
    assert response.status_code == 200
    assert f'<a href="/artworks/{first.pk}/">first</a>' in text
    assert "The collection already has this file:" in text
    assert 'value="second"' in text
    assert Artwork.objects.count() == 1

    added = send(staff_client, add_anyway="on")
    assert added.status_code == 302
    assert Artwork.objects.count() == 2


def test_a_changed_file_is_another_file(staff_client, send):
    send(staff_client)
    assert send(staff_client, "disc-b").status_code == 302


def test_a_hidden_work_with_the_same_file_is_not_revealed(
    client, django_user_model, make_artwork, send, settings, run_worker
):
    make_artwork("disc-a", title="secret", is_public=False)
    run_worker()
    settings.STYLESIM_VISIBLE_ARTWORKS = lambda _request: Artwork.objects.filter(is_public=True)
    user = django_user_model.objects.create_user("adder", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="add_artwork"))
    client.force_login(user)
    response = send(client, is_public="on")
    assert response.status_code == 302
    run_worker()
    assert "secret" not in page(client, "artwork", Artwork.objects.get(title="second").pk)


def test_staff_find_the_second_work_of_a_file_on_its_page(
    staff_client, make_artwork, send, run_worker
):
    make_artwork("disc-a", title="first")
    send(staff_client, add_anyway="on")
    run_worker()
    text = page(staff_client, "artwork", Artwork.objects.get(title="second").pk)
    assert "1 work in the collection also shows this picture." in text


@pytest.mark.parametrize("address", ["add/", "{pk}/change/"])
def test_the_admin_names_the_work_that_has_the_file(
    staff_client, make_artwork, run_worker, address
):
    first = make_artwork("disc-a", title="first")
    other = make_artwork("bars-a", title="other")
    run_worker()
    response = staff_client.post(
        f"{LIST}{address.format(pk=other.pk)}",
        {"title": "saved", "extra": "{}", "image": upload_of("disc-a")},
        follow=True,
    )
    assert Artwork.objects.filter(title="saved").exists()
    (warning, _done) = response.context["messages"]
    assert "The collection already had this file:" in str(warning)
    assert f'<a href="{LIST}{first.pk}/change/">first</a>' in str(warning)


def test_the_admin_says_nothing_of_a_file_that_is_saved_again(
    staff_client, make_artwork, run_worker
):
    artwork = make_artwork("disc-a")
    run_worker()
    response = staff_client.post(
        f"{LIST}{artwork.pk}/change/",
        {"title": "again", "extra": "{}", "image": upload_of("disc-a")},
        follow=True,
    )
    assert len(response.context["messages"]) == 1
