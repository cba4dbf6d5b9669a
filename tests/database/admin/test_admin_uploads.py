"""Uploads through the admin."""

from __future__ import annotations

import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils.html import escape
from django_q.models import OrmQ

from stylesim_app.models import Artwork
from tests import pictures
from tests.admin_pages import LIST, ranked_titles


def form_of(image=None, **fields):
    values = {"title": "A title", "artist": "", "extra": "{}", **fields}
    return values if image is None else {**values, "image": image}


def large_png(side):
    """A PNG of a few bytes that declares side x side pixels."""

    def chunk(kind, content):
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


BAD_FILES = {
    "empty": ("a.jpg", b"", "The file is empty."),
    "text": ("a.jpg", b"not a picture at all", "is not an image in one of these formats"),
    "truncated": ("a.png", pictures.png()[:5000], "a part of the file is missing"),
    "bomb": ("a.png", large_png(60_000), "too many pixels to open safely"),
    "too many pixels": ("a.png", large_png(12_000), "The limit is 100 million pixels."),
    "svg": ("a.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is not an image in one of"),
    "html": ("a.png", b"<html><script>alert(1)</script>", "is not an image in one of"),
    "script": ("a.gif", b"#!/bin/sh\necho", "is not an image in one of"),
    "too many bytes": ("a.png", pictures.encode(pictures.draw("disc-a")) + b"\0" * 2_000_000, "MB"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_with_its_reason_and_the_old_picture_stays(
    staff_client, make_artwork, settings, case
):
    settings.STYLESIM_MAX_UPLOAD_MB = 1
    name, content, message = BAD_FILES[case]
    page = staff_client.post(f"{LIST}add/", form_of(SimpleUploadedFile(name, content)))
    (error,) = page.context["adminform"].form.errors["image"]
    assert message in error
    assert not Artwork.objects.exists()

    artwork = make_artwork("disc-a", title="before")
    upload = SimpleUploadedFile(name, content)
    page = staff_client.post(f"{LIST}{artwork.pk}/change/", form_of(upload, title="after"))
    assert page.status_code == 200
    assert message in page.content.decode()
    kept = Artwork.objects.get()
    assert (kept.title, kept.image.name) == ("before", artwork.image.name)
    assert kept.image.read() == pictures.png("disc-a")


def test_a_refused_form_with_a_good_file_shows_the_record_again(staff_client, make_artwork):
    artwork = make_artwork()
    upload = SimpleUploadedFile("b.png", pictures.png("disc-b"))
    page = staff_client.post(f"{LIST}{artwork.pk}/change/", form_of(upload, title=""))
    assert page.status_code == 200
    assert page.context["adminform"].form.errors["title"] == ["This field is required."]
    assert Artwork.objects.get().image.name == artwork.image.name


def test_an_upload_is_ranked_as_soon_as_a_worker_described_it(
    staff_client, collection, run_worker, django_capture_on_commit_callbacks
):
    upload = SimpleUploadedFile("new.png", pictures.png("disc-a", (120, 90)))
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        response = staff_client.post(
            f"{LIST}add/", form_of(upload, title="upload", year="c. 1889", _continue="1")
        )
    assert OrmQ.objects.count() == 1
    assert "waiting to be indexed" in staff_client.get(response.url).content.decode()
    run_worker()
    html = staff_client.get(response.url).content.decode()
    assert ranked_titles(html)[0][0] == "disc-a"
    assert Artwork.objects.get(title="upload").year_number == 1889


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "object"),
        ("[1]", "object"),
        ('{"a": NaN}', "finite"),
        ('{"a": 1e999}', "finite"),
        (r'{"a": "\ud800"}', "Unicode"),
        (r'{"\u0000": 1}', "Unicode"),
        ('{"a":' + "[" * 10 + "]" * 10 + "}", "at most 10 levels deep"),
        ("[" * 100_000, "valid JSON"),
        ('{"a": ' + "9" * 5000 + "}", "valid JSON"),
    ],
)
def test_further_fields_that_cannot_be_kept_are_shown_as_they_were_sent(
    staff_client, make_artwork, text, message
):
    artwork = make_artwork()
    page = staff_client.post(f"{LIST}{artwork.pk}/change/", form_of(extra=text))
    (error,) = page.context["adminform"].form.errors["extra"]
    assert message in error
    assert escape(text) in page.content.decode()
    assert Artwork.objects.get().extra == {}


def test_no_further_fields_are_an_empty_object(staff_client, make_artwork):
    artwork = make_artwork(extra={"room": "3"})
    assert (
        "{&quot;room&quot;: &quot;3&quot;}"
        in staff_client.get(f"{LIST}{artwork.pk}/change/").content.decode()
    )
    response = staff_client.post(f"{LIST}{artwork.pk}/change/", form_of(extra=""))
    assert response.status_code == 302
    assert Artwork.objects.get().extra == {}


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL refuses to store it")
def test_half_a_character_that_was_stored_can_be_mended(staff_client, make_artwork):
    artwork = make_artwork(extra={"a": "\ud800"})
    page = staff_client.get(f"{LIST}{artwork.pk}/change/")
    assert escape(r'{"a": "\ud800"}') in page.content.decode()
