"""Requests of visitors and staff: indexing again, uploads, images to search by."""

from __future__ import annotations

import html
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from stylesim_app.models import Artwork, ImageSearch, IndexEntry
from tests import pictures
from tests.pages import BAD_FILES, page, titles, upload_of

# Index again


def test_who_may_can_have_a_work_indexed_again(staff_client, collection):
    work = collection["disc-a"]
    address = reverse("stylesim:index-again", args=[work.pk])
    response = staff_client.post(address)
    assert response.status_code == 302
    text = page(staff_client, "artwork", work.pk)
    assert "Until then, the results below use the previous index." in text
    assert len(titles(text)) == 10
    assert staff_client.get(address).status_code == 405


def test_a_work_without_an_entry_can_be_indexed(staff_client, make_artwork):
    work = make_artwork()
    staff_client.post(reverse("stylesim:index-again", args=[work.pk]))
    assert IndexEntry.objects.get(artwork=work).state == "pending"


def test_who_may_not_cannot_have_a_work_indexed_again(client, collection, django_user_model):
    work = collection["disc-a"]
    address = reverse("stylesim:index-again", args=[work.pk])
    assert client.post(address)["Location"] == f"/accounts/login/?next=/artworks/{work.pk}/"
    client.force_login(django_user_model.objects.create_user("member"))
    assert client.post(address).status_code == 403
    assert client.post(reverse("stylesim:index-again", args=[10**6])).status_code == 404
    assert IndexEntry.objects.get(artwork=work).state == "indexed"


# Upload


@pytest.mark.parametrize(
    ("year", "is_read"),
    [("sometime", False), ("c. 1889", True), ("Qianlong reign", True), ("", True)],
)
def test_a_year_without_a_date_is_noted(staff_client, year, is_read):
    said = "no date can be read from it"
    sent = {"title": "A", "year": year, "image": upload_of(), "extra": "{}"}
    text = staff_client.post(reverse("stylesim:upload"), sent, follow=True).content.decode()
    assert (said in text) is not is_read
    sent |= {"image": upload_of("disc-b"), "_continue": "on"}
    address = "/admin/stylesim_app/artwork/add/"
    text = staff_client.post(address, sent, follow=True).content.decode()
    assert (said in text) is not is_read


def test_uploading_needs_the_permission(client, django_user_model):
    address = reverse("stylesim:upload")
    assert client.get(address)["Location"] == f"/accounts/login/?next={address}"
    client.force_login(django_user_model.objects.create_user("member"))
    response = client.post(address, {"title": "x", "image": upload_of()})
    assert response.status_code == 403
    assert "You do not have permission to do this" in response.content.decode()
    assert not Artwork.objects.exists()


def test_an_upload_becomes_a_work_that_is_then_ranked(staff_client, collection, run_worker):
    assert "Upload works" in page(staff_client, "upload")
    facts = {"title": "New", "artist": "Somebody", "year": "c. 1889", "image": upload_of("bars-c")}
    # The collection has this file already.
    facts["add_anyway"] = "on"
    response = staff_client.post(reverse("stylesim:upload"), facts)
    added = Artwork.objects.get(title="New")
    assert response["Location"] == reverse("stylesim:artwork", args=[added.pk])
    assert (added.year_number, added.is_public) == (1889, False)
    run_worker()
    assert titles(page(staff_client, "artwork", added.pk))[0] == "bars-c"


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_refused_in_words_and_the_text_is_kept(staff_client, kind):
    file_name, content, message = BAD_FILES[kind]
    response = staff_client.post(
        reverse("stylesim:upload"),
        {"title": "Kept title", "image": SimpleUploadedFile(file_name, content)},
    )
    text = html.unescape(response.content.decode())
    assert message in text
    assert "The work was not saved." in text
    assert 'value="Kept title"' in text
    assert not Artwork.objects.exists()


def test_files_over_the_limits_are_refused(staff_client, settings):
    settings.STYLESIM_MAX_UPLOAD_MB = 0.001
    response = staff_client.post(reverse("stylesim:upload"), {"image": upload_of()})
    assert "The limit is" in response.content.decode()
    assert "This field is required." in response.content.decode()
    settings.STYLESIM_MAX_UPLOAD_MB = 50
    settings.STYLESIM_MAX_PIXELS = 1_000_000
    bomb = pictures.encode(Image.new("1", (5000, 5000)))
    response = staff_client.post(
        reverse("stylesim:upload"), {"title": "x", "image": SimpleUploadedFile("a.png", bomb)}
    )
    assert "5000 x 5000 pixels" in response.content.decode()
    response = staff_client.post(reverse("stylesim:upload"), {"title": "x"})
    assert "This field is required." in response.content.decode()


# Search by image


def start_search(client, name="disc-b"):
    response = client.post(reverse("stylesim:search"), {"image": upload_of(name)})
    assert response.status_code == 302, response.content.decode()
    return ImageSearch.objects.get(), response["Location"]


def test_a_search_waits_for_the_worker_and_is_then_ranked(client, collection, run_worker):
    assert "Search by image" in page(client, "search")
    search, address = start_search(client)
    preview = reverse("stylesim:search-preview", args=[search.pk])
    text = page(client, "search-results", search.pk)
    assert "Searching for similar works" in text
    assert 'http-equiv="refresh"' in text
    assert client.get(preview).status_code == 404
    run_worker()
    text = page(client, "search-results", search.pk, limit="4")
    assert titles(text)[0] == "disc-b"
    assert len(titles(text)) == 4
    assert "data-poll" not in text
    assert preview in text
    assert "exclude_same_artist" not in text
    response = client.get(preview)
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert address == reverse("stylesim:search-results", args=[search.pk])


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_to_search_by_is_refused_in_words(client, db, kind):
    file_name, content, message = BAD_FILES[kind]
    response = client.post(
        reverse("stylesim:search"), {"image": SimpleUploadedFile(file_name, content)}
    )
    assert message in html.unescape(response.content.decode())
    assert not ImageSearch.objects.exists()


def test_a_search_that_failed_says_why_and_offers_another(client, staff, collection):
    search, _ = start_search(client)
    ImageSearch.objects.update(
        state="failed", error_code="image_broken", error_params={"reason": "cut"}
    )
    text = page(client, "search-results", search.pk)
    assert "damaged or incomplete and cannot be opened." in text
    assert "(cut)" not in text
    assert "Try another picture" in text
    ImageSearch.objects.update(error_code="", error="No weights at a path.")
    assert "No weights" not in page(client, "search-results", search.pk)
    client.force_login(staff)
    assert "No weights at a path." in page(client, "search-results", search.pk)


def test_a_search_by_a_network_that_serves_no_more_is_to_be_repeated(client, collection):
    search, _ = start_search(client)
    ImageSearch.objects.update(state="indexed", descriptor_set=None)
    text = page(client, "search-results", search.pk)
    assert "Please search again." in text
    assert "data-poll" not in text


def test_a_search_is_seen_by_who_made_it_only(client, staff, collection):
    client.force_login(staff)
    search, _ = start_search(client)
    assert "Your picture" in page(client, "search-results", search.pk)
    client.logout()
    for pk in (search.pk, uuid.uuid4()):
        assert "Search not found" in page(client, "search-results", pk, status=404)
        assert client.get(reverse("stylesim:search-preview", args=[pk])).status_code == 404


def test_searches_are_throttled(client, settings, db):
    settings.STYLESIM_SEARCH_THROTTLE = "2/hour"
    for _ in range(2):
        assert client.post(reverse("stylesim:search")).status_code == 200
    response = client.post(reverse("stylesim:search"), {"image": upload_of()})
    assert response.status_code == 429
    assert 3500 < int(response["Retry-After"]) <= 3600
    assert "Too many searches." in response.content.decode()
    assert not ImageSearch.objects.exists()


def test_custom_weights_are_throttled_for_visitors(client, settings, collection):
    settings.STYLESIM_CUSTOM_WEIGHTS_THROTTLE = "2/hour"
    address = reverse("stylesim:artwork", args=[collection["disc-a"].pk])
    custom = {"preset": "custom", "style_weight": "0.5", "content_weight": "0.1"}
    for _ in range(2):
        assert client.get(address, custom).status_code == 200
    layers = {"layer_weights": "1,0,0,0,0"}
    for query in (custom, layers):
        response = client.get(address, query)
        assert response.status_code == 429
        assert 3500 < int(response["Retry-After"]) <= 3600
        assert "Too many comparisons with custom weights" in response.content.decode()
    assert client.get(address, {"preset": "style"}).status_code == 200


def test_custom_weights_are_not_throttled_for_accounts(staff_client, settings, collection):
    settings.STYLESIM_CUSTOM_WEIGHTS_THROTTLE = "1/hour"
    address = reverse("stylesim:artwork", args=[collection["disc-a"].pk])
    for _ in range(3):
        assert staff_client.get(address, {"style_weight": "0.5"}).status_code == 200


def test_a_made_up_proxy_header_does_not_get_round_the_throttle(client, settings, db):
    settings.STYLESIM_SEARCH_THROTTLE = "1/hour"
    codes = [
        client.post("/search/", {}, headers={"x-forwarded-for": f"10.0.0.{number}"}).status_code
        for number in range(3)
    ]
    assert codes == [200, 429, 429]
