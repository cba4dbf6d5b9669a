"""Thumbnails are made in the worker's processes; pages show what is there."""

from __future__ import annotations

import io

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.urls import reverse
from easy_thumbnails.models import Thumbnail
from PIL import Image

from stylesim_app import files, tasks
from stylesim_app.collection import thumbnails
from stylesim_app.collection.decoders import Decoders
from stylesim_app.core.decoding import to_thumbnails
from stylesim_app.core.errors import ImageError
from stylesim_app.models import IndexEntry
from stylesim_app.work import queue
from tests import pictures
from tests.odd_pictures import odd_picture


@pytest.fixture
def no_decoding(monkeypatch):
    def refuse():
        def decode(*_, **__):
            raise AssertionError("a picture was decoded")

        monkeypatch.setattr(Decoders, "decode", decode)

    return refuse


def show(client, artwork, size):
    return client.get(reverse("stylesim:thumbnail", args=[artwork.pk, size]))


def test_all_thumbnails_are_there_when_a_work_is_indexed(
    make_artwork, run_worker, client, no_decoding
):
    artwork = make_artwork(is_public=True)
    artwork.image.save("large.jpg", ContentFile(large_jpeg()))
    run_worker()
    no_decoding()
    for size, side in thumbnails.SIZES.items():
        response = show(client, artwork, size)
        assert response.status_code == 200
        assert max(Image.open(io.BytesIO(response.getvalue())).size) == side


def large_jpeg() -> bytes:
    return pictures.encode(pictures.draw("disc-a", (2000, 1500)), "JPEG")


def test_a_picture_that_no_worker_could_decode_is_not_tried_by_a_page(
    make_artwork, run_worker, client, no_decoding
):
    artwork = make_artwork(is_public=True)
    artwork.image.save("half.jpg", ContentFile(large_jpeg()[:5000]))
    run_worker()
    no_decoding()
    response = show(client, artwork, "small")
    assert (response.status_code, response["Content-Type"]) == (404, "image/svg+xml")


@pytest.fixture
def requested(monkeypatch):
    """The artworks whose thumbnails were requested from the workers."""
    cache.clear()
    keys: list = []
    monkeypatch.setattr(queue, "request_thumbnails", keys.append)
    return keys


def too_slow(*_: object, **__: object) -> None:
    raise ImageError("image_too_slow", limit=5)


def test_a_thumbnail_that_takes_long_is_left_to_the_workers(
    make_artwork, client, requested, monkeypatch
):
    artwork = make_artwork(is_public=True)
    with monkeypatch.context() as patched:
        patched.setattr(Decoders, "decode", too_slow)
        for _ in range(2):
            response = show(client, artwork, "small")
            assert (response.status_code, response["Content-Type"]) == (202, "image/svg+xml")
            assert (response["Retry-After"], response["Cache-Control"]) == ("5", "no-store")
        api = client.get(f"/api/artworks/{artwork.pk}/small.jpg")
        assert (api.status_code, api["Retry-After"], api.content) == (202, "5", b"")
    assert requested == [artwork.pk]
    tasks.make_thumbnails(artwork.pk)
    assert show(client, artwork, "small")["Content-Type"] == "image/jpeg"


def test_a_picture_that_is_gone_is_not_requested(make_artwork, client, requested):
    artwork = make_artwork(is_public=True)
    artwork.image.storage.delete(artwork.image.name)
    assert show(client, artwork, "small").status_code == 404
    assert requested == []


def test_a_request_for_what_cannot_be_decoded_or_is_gone_is_no_error(make_artwork, client):
    artwork = make_artwork()
    artwork.image.save("half.jpg", ContentFile(large_jpeg()[:5000]))
    tasks.make_thumbnails(artwork.pk)
    artwork.image.storage.delete(artwork.image.name)
    tasks.make_thumbnails(artwork.pk)
    artwork.delete()
    tasks.make_thumbnails(artwork.pk)
    assert not Thumbnail.objects.exists()


def test_thumbnails_that_cannot_be_stored_do_not_fail_the_work(
    make_artwork, run_worker, monkeypatch
):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(thumbnails, "_save", full)
    make_artwork()
    run_worker()
    assert IndexEntry.objects.get().state == "indexed"


@pytest.mark.parametrize("name", ["mpo.jpg", "white_is_zero.tif", "exif_is_broken.avif"])
def test_odd_pictures_have_thumbnails(make_artwork, client, name):
    artwork = make_artwork(is_public=True)
    artwork.image.save(name, ContentFile(odd_picture(name)))
    tasks.make_thumbnails(artwork.pk)
    assert show(client, artwork, "small")["Content-Type"] == "image/jpeg"
    assert files.private_storage().listdir("thumbnails")


def test_a_small_picture_is_not_enlarged():
    made = to_thumbnails(pictures.draw("disc-a", (96, 72)), (240, 60))
    assert {side: Image.open(io.BytesIO(each)).size for side, each in made.items()} == {
        240: (96, 72),
        60: (60, 45),
    }
