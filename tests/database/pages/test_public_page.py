"""The artwork page for the public: metadata, canonical address, citation, rights, downloads."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.core.checks import run_checks
from django.http import HttpRequest
from django.utils import timezone

from stylesim_app.collection import thumbnails
from stylesim_app.collection.visibility import is_public
from stylesim_app.models import Artwork
from stylesim_app.views.file_names import attachment, readable_name
from stylesim_app.views.public_record import cite
from tests import pictures

FACTS = {
    "title": "Irises",
    "artist": "Vincent van Gogh",
    "year": "1889",
    "medium": "Oil on canvas",
    "collection": "Getty",
    "accession_number": "90.PA.20",
    "rights": "CC0 https://creativecommons.org/publicdomain/zero/1.0/.",
}


@pytest.fixture
def irises(make_artwork):
    return make_artwork(**FACTS)


def read(client, artwork, **query):
    response = client.get(f"/artworks/{artwork.pk}/", query)
    assert response.status_code == 200
    return response, response.content.decode()


def properties(text):
    found = re.findall(r'<meta property="(og:[^"]+)" content="([^"]*)">', text)
    return {name: html.unescape(value) for name, value in found}


def linked_data(text):
    [block] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.DOTALL)
    return json.loads(block)


def test_a_public_work_describes_itself(client, irises):
    response, text = read(client, irises, lane="content")
    address = f"http://testserver/artworks/{irises.pk}/"
    assert f'<link rel="canonical" href="{address}">' in text
    assert "noindex" not in text
    assert "X-Robots-Tag" not in response
    picture = f"{address}large.jpg?v="
    found = properties(text)
    assert found.pop("og:image").startswith(picture)
    assert found == {
        "og:type": "website",
        "og:title": "Irises",
        "og:url": address,
        "og:description": "Vincent van Gogh, 1889, Oil on canvas, Getty",
        "og:image:type": "image/jpeg",
        "og:image:alt": "Irises",
    }
    facts = linked_data(text)
    assert facts.pop("image").startswith(picture)
    assert facts == {
        "@context": "https://schema.org",
        "@type": "VisualArtwork",
        "@id": address,
        "url": address,
        "name": "Irises",
        "creator": {"@type": "Person", "name": "Vincent van Gogh"},
        "dateCreated": "1889",
        "artMedium": "Oil on canvas",
        "identifier": {
            "@type": "PropertyValue",
            "propertyID": "accession number",
            "value": "90.PA.20",
        },
        "isPartOf": {"@type": "Collection", "name": "Getty"},
        "license": "https://creativecommons.org/publicdomain/zero/1.0/",
        "copyrightNotice": FACTS["rights"],
    }
    assert '<a href="https://creativecommons.org/publicdomain/zero/1.0/" rel="nofollow">' in text


@pytest.mark.parametrize(
    ("year", "date"),
    [("c. 1889–90", "1889/1890"), ("19th century", "1801/1900"), ("500 BC", "500 BC"), ("?", "?")],
)
def test_dates_are_written_for_machines_where_they_are_known(client, irises, year, date):
    Artwork.objects.filter(pk=irises.pk).update(year=year, year_number=None)
    assert linked_data(read(client, irises)[1])["dateCreated"] == date


@pytest.mark.parametrize(
    "title",
    ["</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<!--", "\u2028"],
)
def test_no_text_ends_the_block_of_data(client, irises, title):
    Artwork.objects.filter(pk=irises.pk).update(title=title)
    text = read(client, irises)[1]
    assert linked_data(text)["name"] == title
    assert text.count("application/ld+json") == 1
    assert "alert(1)</script>" not in text
    assert "<img src=x" not in text


def test_nothing_is_published_of_a_work_that_only_staff_may_see(staff_client, irises):
    Artwork.objects.filter(pk=irises.pk).update(is_public=False)
    response, text = read(staff_client, irises)
    assert response["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in text
    assert "og:" not in text
    assert "ld+json" not in text
    assert "Cite this work" in text


def visible_by_secret(request: HttpRequest):
    """A host's hook, by account, session, cookie, header and parameter."""
    given = (
        *(request.user.is_authenticated, request.session.get("guest"), request.COOKIES.get("key")),
        *(request.GET.get("key"), request.headers.get("Authorization")),
    )
    return Artwork.objects.all() if any(given) else Artwork.objects.none()


@pytest.mark.parametrize("way", ["account", "cookie", "parameter", "header"])
def test_what_the_hook_shows_to_few_is_not_public(client, staff, irises, settings, way):
    settings.STYLESIM_VISIBLE_ARTWORKS = visible_by_secret
    if way == "account":
        client.force_login(staff)
    if way == "cookie":
        client.cookies["key"] = "1"
    address = f"/artworks/{irises.pk}/{'?key=1' if way == 'parameter' else ''}"
    headers = {"Authorization": "Basic YTpi"} if way == "header" else {}
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    assert not response.context["record"].is_public
    assert not is_public(response.wsgi_request, irises)


def test_a_citation_leaves_out_what_is_not_known(irises):
    full = cite(irises, "https://x.org/1")
    assert full.startswith(
        "Vincent van Gogh, Irises, 1889. Getty, 90.PA.20. https://x.org/1 (accessed "
    )
    assert full.endswith(").")
    assert str(timezone.localdate().year) in full
    bare = Artwork(title="Untitled (No. 5).")
    assert cite(bare, "https://x.org/2").startswith("Untitled (No. 5). https://x.org/2 (accessed ")


# Downloads


def test_by_default_nothing_is_offered(client, irises):
    assert "Download picture" not in read(client, irises)[1]
    assert client.get(f"/artworks/{irises.pk}/download/").status_code == 404


def test_an_original_is_downloaded_under_a_readable_name(client, irises, settings):
    settings.STYLESIM_DOWNLOADS = "original"
    assert f'href="/artworks/{irises.pk}/download/"' in read(client, irises)[1]
    response = client.get(f"/artworks/{irises.pk}/download/")
    assert b"".join(response.streaming_content) == pictures.png("disc-a")
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == (
        'attachment; filename="Vincent van Gogh, Irises, 90.PA.20.png"'
    )
    Artwork.objects.update(is_public=False)
    assert client.get(f"/artworks/{irises.pk}/download/").status_code == 404


def test_a_thumbnail_is_downloaded_as_jpeg(client, irises, settings, monkeypatch):
    settings.STYLESIM_DOWNLOADS = "thumbnail"
    address = f"/artworks/{irises.pk}/download/"
    with monkeypatch.context() as patched:
        patched.setattr(thumbnails, "make_thumbnails", lambda *_: None)
        assert "The picture is being prepared" in client.get(address, follow=True).content.decode()
    response = client.get(address)
    assert b"".join(response.streaming_content).startswith(b"\xff\xd8")
    assert response["Content-Disposition"].endswith('90.PA.20.jpg"')


def test_a_missing_file_is_not_found(client, irises, settings):
    settings.STYLESIM_DOWNLOADS = "original"
    irises.image.storage.delete(irises.image.name)
    assert client.get(f"/artworks/{irises.pk}/download/").status_code == 404


def test_an_unknown_offer_is_reported_and_offers_nothing(client, irises, settings):
    settings.STYLESIM_DOWNLOADS = "all"
    assert "stylesim_app.E019" in {each.id for each in run_checks()}
    assert client.get(f"/artworks/{irises.pk}/download/").status_code == 404


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (["", "Irises", None], "Irises.jpg"),
        (["../../etc/passwd"], "etc passwd.jpg"),
        (["a\r\nSet-Cookie: x=1"], "a Set-Cookie x=1.jpg"),
        (["CON"], "download CON.jpg"),
        (["..."], "download.jpg"),
        (["\u202egpj.exe"], "gpj.exe.jpg"),
        (["睡蓮"], "睡蓮.jpg"),
        (["é" * 300], "é" * 75 + ".jpg"),
    ],
)
def test_names_of_files_are_safe_on_every_system(parts, name):
    assert readable_name(parts, "jpg") == name
    assert "\n" not in attachment(name)
