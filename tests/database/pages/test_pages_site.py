"""Pictures, the site around the pages, and template tags."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template import Context, engines
from django.test import override_settings
from django.urls import include, path, reverse

from stylesim_app.collection import thumbnails
from stylesim_app.messages import share
from stylesim_app.models import Artwork, IndexEntry
from stylesim_app.selections import keeping
from stylesim_app.templatetags import stylesim as tags
from stylesim_app.work import trash
from tests import pictures
from tests.admin_pages import LIST, fail
from tests.pages import page

# What a bare host has: the app, and nothing of the reference site.
urlpatterns = [path("works/", include("stylesim_app.urls"))]


@pytest.fixture
def member_client(client, django_user_model):
    """Someone with an account and no permission."""
    client.force_login(django_user_model.objects.create_user("member"))
    return client


# Pictures


def test_a_thumbnail_is_a_jpeg_that_browsers_keep(client, make_artwork):
    work = make_artwork()
    thumbnails.make_thumbnails(work)
    address = tags.thumbnail_url(work, "small")
    response = client.get(address)
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, max-age=604800"
    assert response.getvalue()[:2] == b"\xff\xd8"
    assert client.get(address, headers={"if-none-match": response["ETag"]}).status_code == 304
    unversioned = client.get(address.partition("?")[0])
    assert unversioned["Cache-Control"] == "private, max-age=0"
    assert client.get(f"/artworks/{work.pk}/huge.jpg").status_code == 404
    assert client.post(address).status_code == 405


def test_a_new_file_has_a_new_address(make_artwork):
    work = make_artwork()
    before = tags.thumbnail_url(work, "small")
    work.image.save("b.png", ContentFile(pictures.png("bars-b")))
    assert tags.thumbnail_url(work, "small") != before


def test_a_file_replaced_under_the_same_name_has_a_new_address(make_artwork):
    work = make_artwork()
    before = tags.thumbnail_url(work, "small")
    work.image.storage.delete(work.image.name)
    work.image = SimpleUploadedFile(Path(work.image.name).name, pictures.png("bars-b"))
    work.save()
    again = Artwork.objects.get(pk=work.pk)
    assert tags.thumbnail_url(again, "small") != before


def break_picture(work, how):
    if how == "gone":
        work.image.storage.delete(work.image.name)
    elif how == "none":
        Artwork.objects.filter(pk=work.pk).update(image="")
    else:
        with work.image.storage.open(work.image.name, "wb") as file:
            file.write(b"broken")


@pytest.mark.parametrize("how", ["gone", "none", "broken"])
def test_a_picture_that_cannot_be_shown_has_a_placeholder(client, make_artwork, how):
    work = make_artwork()
    break_picture(work, how)
    response = client.get(reverse("stylesim:thumbnail", args=[work.pk, "medium"]))
    assert response.status_code == 404
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Cache-Control"] == "no-store"
    assert b"<svg" in response.content
    page(client, "gallery")
    page(client, "artwork", work.pk)


def pictures_of(client, address):
    """The status of each thumbnail that a page shows or enlarges; placeholders are static files."""
    text = client.get(address).content.decode()
    found = re.findall(r'<(?:img|a)[^>]*(?:src|href)="([^"]+/\w+\.jpg[^"]*)"', text)
    return text, [client.get(each).status_code for each in found]


def test_no_page_asks_for_a_picture_that_there_is_not(staff, staff_client, collection):
    works = list(collection.values())
    failed, gone, empty = works[:3]
    fail(failed)
    fail(gone, "file_missing", name=gone.image.name)
    Artwork.objects.filter(pk=empty.pk).update(image="")
    IndexEntry.objects.filter(artwork=empty).delete()
    selection = keeping.create(staff, "Gaps", keys=[each.pk for each in works[:4]])
    for work in (failed, gone, empty):
        text, statuses = pictures_of(staff_client, f"/artworks/{work.pk}/?lane=regions")
        assert statuses == []
        assert "data-enlarge" not in text
        assert "<stylesim-region" not in text
        assert "stylesim_app/placeholder.svg" in text
        _, statuses = pictures_of(staff_client, f"{LIST}{work.pk}/change/")
        assert statuses == []
    assert "This work has no picture" in page(staff_client, "artwork", empty.pk)
    text, statuses = pictures_of(staff_client, f"/sets/{selection.pk}/")
    assert text.count("data-enlarge") == 1
    assert text.count("placeholder.svg") == 3
    trash.move(Artwork.objects.filter(pk=works[-1].pk))
    fail(works[-1])
    for address in ("/", "/sets/", "/pairs/", LIST, f"{LIST}trash/", f"{LIST}pairs/"):
        _, statuses = pictures_of(staff_client, address)
        assert set(statuses) <= {200}, address


def test_originals_are_served_to_those_who_may_see_the_work(client, staff, make_artwork):
    work = make_artwork()
    address = tags.original_url(work)
    response = client.get(address)
    assert b"".join(response.streaming_content) == pictures.png("disc-a")
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"].startswith("inline")
    assert response["X-Content-Type-Options"] == "nosniff"
    Artwork.objects.update(is_public=False)
    assert client.get(address).status_code == 404
    client.force_login(staff)
    assert b"".join(client.get(address).streaming_content)
    break_picture(work, "gone")
    assert client.get(address).status_code == 404
    assert client.get("/media/../manage.py").status_code == 404


def test_an_original_that_is_no_picture_is_never_shown_inline(client, make_artwork):
    work = make_artwork()
    for name in ("artworks/x.svg", "artworks/x.html", "artworks/x"):
        work.image.storage.save(name, ContentFile(b"<script>"))
        Artwork.objects.update(image=name)
        response = client.get(f"/media/{name}")
        assert response["Content-Disposition"].startswith("attachment")
        assert response["Content-Type"] == "application/octet-stream"
        assert b"".join(response.streaming_content) == b"<script>"


# The site around the pages


def test_the_language_can_be_switched(client, db):
    assert '<html lang="en">' in page(client, "gallery")
    response = client.post(reverse("set_language"), {"language": "zh-hans", "next": "/search/"})
    assert response["Location"] == "/search/"
    text = page(client, "gallery")
    assert '<html lang="zh-hans">' in text
    assert re.findall(r'lang="[\w-]+"[^>]*>([^<]+)</button>', text) == ["English", "简体中文"]


def test_one_signs_in_and_out(client, staff):
    assert "Sign in" in page(client, "gallery")
    address = reverse("login")
    response = client.post(address, {"username": "staff", "password": "wrong"})
    assert "Please enter a correct username and password." in response.content.decode()
    response = client.post(address, {"username": "staff", "password": "staff", "next": "/upload/"})
    assert response["Location"] == "/upload/"
    text = page(client, "gallery")
    assert "Sign out" in text
    assert "Administration" in text
    assert reverse("stylesim:upload") in text
    client.post(reverse("logout"))
    assert "Sign in" in page(client, "gallery")


def test_staff_find_the_admin_and_the_original(staff_client, collection):
    work = collection["disc-a"]
    text = page(staff_client, "artwork", work.pk)
    assert f"/admin/stylesim_app/artwork/{work.pk}/change/" in text
    assert work.image.url in text


def test_an_account_without_permission_sees_no_way_to_what_it_may_not_do(member_client, collection):
    text = page(member_client, "artwork", collection["disc-a"].pk)
    for hidden in ("Index again", "Edit", "Original file", "Upload", "Administration"):
        assert hidden not in text


def test_a_failure_has_a_page_of_its_own():
    text = engines["django"].get_template("500.html").render()
    assert "Something went wrong" in text


def test_pages_need_no_inline_script_or_style(staff_client, collection):
    work = collection["disc-a"]
    for address in ("/", "/upload/", "/search/", f"/artworks/{work.pk}/", "/accounts/login/", "/x"):
        text = staff_client.get(address, follow=True).content.decode()
        # Nothing runs a block of data, and a canonical address is complete.
        text = re.sub(r'<script type="application/ld\+json">|<link rel="canonical"[^>]*>', "", text)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]+src=)", text), address
        assert not re.search(r'(src|href)="(https?:)?//', text), address


def test_the_app_stands_alone_in_a_bare_host(client, collection, settings):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": []}]
    work = collection["disc-a"]
    with override_settings(ROOT_URLCONF=__name__):
        text = page(client, "gallery")
        assert text.startswith("<!doctype html>")
        assert "Skip to content" in text
        assert "Sign in" not in text
        assert client.get(f"/works/artworks/{work.pk}/").status_code == 200
        assert tags.admin_url(work) == ""


# What templates ask


def test_templates_cope_with_facts_that_are_not_known():
    assert tags.byline(Artwork()) == ""
    assert tags.byline(Artwork(year="1889")) == "1889"
    assert tags.may(Context(), "add") is False


def test_a_storage_without_addresses_gives_none(make_artwork):
    assert tags.original_url(Artwork()) == ""


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.042930, "0.0429"), (120.47, "120"), (3.14159, "3.14"), (0, "0"), (0.00001234, "0.0000123")],
)
def test_figures_have_three_digits(number, text):
    assert tags.figure(number) == text


def test_a_share_is_rounded_down():
    assert share(99.99) == "99.9"
