"""Gallery and artwork pages, through Django's test client."""

from __future__ import annotations

import re
import uuid

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from stylesim_app.index import search_keys
from stylesim_app.models import Artwork, IndexEntry
from tests import pictures
from tests.pages import page, titles

# Gallery


def test_the_gallery_shows_what_is_visible(client, collection):
    Artwork.objects.filter(title="disc-a").update(is_public=False)
    text = page(client, "gallery")
    assert "11 works" in text
    assert len(titles(text)) == 11
    assert "disc-a" not in text
    assert "Artist B, 1810" in text
    assert "indexed so far" not in text


def test_staff_see_works_that_are_not_public(staff_client, collection):
    Artwork.objects.update(is_public=False)
    assert len(titles(page(staff_client, "gallery"))) == 12


def test_the_gallery_finds_filters_and_orders(client, collection):
    assert titles(page(client, "gallery", q="bars 1840")) == ["bars-b"]
    text = page(client, "gallery", artist="artist a", year_from="1850", ordering="-title")
    assert titles(text) == ["cross-a", "corner-a"]
    assert '<span class="badge">2</span>' in text
    assert "No works match" in page(client, "gallery", q="nothing like this")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"year_from": "abc"}, "Enter a whole number."),
        ({"year_from": "9" * 40}, "less than or equal to 9999"),
        ({"ordering": "password"}, "Select a valid choice"),
        ({"q": "a\0b"}, "Null characters are not allowed."),
    ],
)
def test_a_filter_that_cannot_be_used_is_marked_and_lists_nothing(
    client, collection, query, message
):
    text = page(client, "gallery", **query)
    assert message in text
    assert "Some filters are invalid" in text
    assert 'class="count"' not in text
    assert titles(text) == []


def test_a_text_that_is_too_long_has_one_error(client, collection):
    assert page(client, "gallery", q="word " * 900).count('errorlist"') == 1


def test_the_gallery_has_pages_that_keep_the_query(client, make_artwork):
    make_artwork()
    work = Artwork.objects.get()
    Artwork.objects.bulk_create(
        Artwork(title=f"disc {number:02}", image=work.image.name, is_public=True)
        for number in range(30)
    )
    search_keys.refresh_stale()
    text = page(client, "gallery", q="disc", ordering="title")
    assert "31 works" in text
    assert titles(text)[0] == "disc 00"
    assert "?q=disc&ordering=title&page=2" in text
    assert len(titles(page(client, "gallery", q="disc", page="2"))) == 7
    assert len(titles(page(client, "gallery", page="99"))) == 7
    assert len(titles(page(client, "gallery", page="x"))) == 24


def test_equal_works_keep_their_order(client, make_artwork):
    works = [make_artwork(title="Same") for _ in range(3)]
    text = page(client, "gallery", ordering="title")
    keys = [int(key) for key in re.findall(r'href="/artworks/(\d+)/\?from=ordering%3Dtitle"', text)]
    assert keys == [work.pk for work in reversed(works)]


def test_an_empty_gallery_says_what_to_do(client, staff):
    assert "Works appear here once they are public." in page(client, "gallery")
    client.force_login(staff)
    text = page(client, "gallery")
    assert "python manage.py stylesim_import" in text
    assert reverse("stylesim:upload") in text


def test_the_gallery_leads_staff_to_the_works_that_could_not_be_indexed(client, staff, collection):
    IndexEntry.objects.filter(artwork=collection["disc-a"]).update(state="failed")
    assert "could not be indexed" not in page(client, "gallery")
    client.force_login(staff)
    text = page(client, "gallery")
    assert "1 work of the collection could not be indexed." in text
    [address] = re.findall(r'href="([^"]*index_state=failed)"', text)
    assert ">disc-a<" in client.get(address).content.decode()
    assert ">disc-b<" not in client.get(address).content.decode()


def test_the_gallery_says_how_far_the_index_is(client, staff, collection, make_artwork, run_worker):
    make_artwork(title="new")
    text = page(client, "gallery")
    assert "12 of 13 works are indexed so far." in text
    assert "Indexing is paused because no worker is running." in text
    assert "qcluster" not in text
    client.force_login(staff)
    assert "python manage.py qcluster" in page(client, "gallery")
    run_worker()
    make_artwork(title="newer")
    assert "No worker has reported" not in page(client, "gallery")


def test_more_works_cost_no_more_queries(
    client, make_artwork, django_assert_num_queries, django_assert_max_num_queries
):
    make_artwork()
    with django_assert_max_num_queries(12) as few:
        page(client, "gallery")
    for name in pictures.NAMES:
        make_artwork(name)
    with django_assert_num_queries(len(few)):
        page(client, "gallery")


def test_hostile_words_are_escaped(client, collection):
    hostile = '"><script>alert(1)</script>'
    Artwork.objects.update(title=hostile, artist=hostile, medium=hostile, extra={hostile: hostile})
    work = collection["disc-a"]
    for address in (
        "/",
        f"/artworks/{work.pk}/",
        f"/?q={hostile}",
        f"/artworks/{work.pk}/?q={hostile}",
    ):
        assert b"<script>alert" not in client.get(address).content


# One artwork


def test_an_artwork_is_shown_with_its_facts_and_ranked_works(client, collection):
    Artwork.objects.filter(title="disc-a").update(
        medium="oil", extra={"found_in": "a drawer"}, accession_number="A.1"
    )
    text = page(client, "artwork", collection["disc-a"].pk)
    for expected in ("<h1>disc-a</h1>", "Artist A, 1800", "Medium", "oil", "Found in", "a drawer"):
        assert expected in text
    ranked = titles(text)
    assert len(ranked) == 10
    assert "disc-a" not in ranked
    assert text.count('class="bar"') == 10
    assert text.count("Closer than") == 10
    assert "12 of 12 works you can see are indexed" in text
    assert "vgg19 · paintings" in text
    assert "float32" in text
    assert "Indexed on" in text
    assert "Index again" not in text


def test_the_bar_fills_with_closeness(client, collection):
    text = page(client, "artwork", collection["disc-a"].pk, preset="style", limit="50")
    widths = [int(width) for width in re.findall(r'bar-closeness" width="(\d+)"', text)]
    assert widths == sorted(widths, reverse=True)
    assert 100 >= widths[0] > widths[-1] == 0
    assert f'aria-label="Closeness: {widths[0]} of 100"' in text


def test_going_on_from_a_ranked_work_keeps_the_weights(client, collection):
    text = page(client, "artwork", collection["disc-a"].pk, preset="content", limit="3")
    assert len(titles(text)) == 3
    assert re.search(r'href="/artworks/\d+/\?preset=content&limit=3"', text)


def checked(text):
    return re.findall(r'name="preset" value="(\w+)" checked', text)


def test_the_buttons_say_which_weights_count(client, collection):
    pk = collection["disc-a"].pk
    assert checked(page(client, "artwork", pk)) == ["paper"]
    own = {"style_weight": "2", "content_weight": "0.5"}
    for query, chosen, shown in (
        ({"preset": "custom", **own}, "custom", "Style weight 2 · Content weight 0.5"),
        (own, "custom", "Style weight 2 · Content weight 0.5"),
        ({"preset": "style", **own}, "style", "Style weight 1 · Content weight 0"),
    ):
        text = page(client, "artwork", pk, **query)
        assert checked(text) == [chosen]
        assert shown in text


def test_layers_can_be_weighted_one_by_one(client, collection):
    pk = collection["disc-a"].pk
    five = page(client, "artwork", pk, preset="style", layer_weights=["1", "0", "0", "0", "0"])
    one = page(client, "artwork", pk, preset="style", layer_weights="1,0,0,0,0")
    last = page(client, "artwork", pk, preset="style", layer_weights="0,0,0,0,3")
    figures = [re.findall(r"<dd>([^<]+)</dd>", text) for text in (five, one, last)]
    assert figures[0] == figures[1] != figures[2]
    assert 'id="layer-relu5_1" name="layer_weights" min="0" max="3"' in last
    said = "relu1_1 0 · relu2_1 0 · relu3_1 0 · relu4_1 0 · relu5_1 3 · vgg19"
    assert said in last
    assert "relu5_1 0.2 ·" not in page(client, "artwork", pk, preset="style")


def test_ranked_works_can_be_narrowed(client, collection):
    pk = collection["disc-a"].pk
    text = page(client, "artwork", pk, exclude_same_artist="on", limit="50")
    assert {title[-1] for title in titles(text)} == {"b", "c"}
    text = page(client, "artwork", pk, collection="bars")
    assert {title[:4] for title in titles(text)} == {"bars"}
    assert "No works match" in page(client, "artwork", pk, q="nothing like this")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"preset": "nice"}, "Unknown preset “nice”"),
        ({"style_weight": "-1"}, "Style weight must not be negative"),
        ({"style_weight": "much"}, "Enter a number."),
        ({"style_weight": "nan"}, "Enter a number."),
        ({"style_weight": "0", "content_weight": "0"}, "must not both be zero"),
        ({"layer_weights": "-1,0,0,0,1"}, "Colour and grain must not be negative"),
        ({"layer_weights": "0,0,0,0,0"}, "At least one layer weight must be above zero."),
        ({"layer_weights": "1,2"}, "Enter 5 layer weights, not 2."),
        ({"layer_weights": "1,2,3,4,x"}, "Enter 5 numbers, separated by commas."),
        ({"limit": "100000"}, "Enter at most 100."),
        ({"limit": "0"}, "greater than or equal to 1"),
        ({"limit": "many"}, "Enter a whole number."),
        ({"year_to": "then"}, "Enter a whole number."),
    ],
)
def test_weights_that_cannot_be_used_are_marked(client, collection, query, message):
    text = page(client, "artwork", collection["disc-a"].pk, **query)
    assert message in text
    assert "No results" in text
    assert titles(text) == []


def test_balanced_before_a_calibration_says_why(client, make_artwork, index_artwork):
    work = make_artwork()
    index_artwork(work, "disc-a")
    text = page(client, "artwork", work.pk, preset="balanced")
    assert "needs a calibration" in text
    text = page(client, "artwork", work.pk)
    assert "No similar works yet" in text


def test_a_work_that_waits_says_so_and_looks_again(client, staff, collection, make_artwork):
    work = make_artwork(title="new")
    text = page(client, "artwork", work.pk)
    assert "Waiting to be indexed" in text
    assert 'http-equiv="refresh"' in text
    assert "data-poll" in text
    assert "No worker is running, so this may take longer." in text
    assert "qcluster" not in text
    client.force_login(staff)
    assert "python manage.py qcluster" in page(client, "artwork", work.pk)


def test_a_worker_fills_the_page(client, collection, make_artwork, run_worker):
    work = make_artwork("disc-b", title="new")
    run_worker()
    text = page(client, "artwork", work.pk)
    assert titles(text)[0] == "disc-b"
    assert "data-poll" not in text


def test_only_staff_are_told_why_a_work_failed(client, staff, collection):
    work = collection["disc-a"]
    work.stylesim_entry.descriptors.all().delete()
    IndexEntry.objects.filter(artwork=work).update(state="failed", error="Disk on fire.")
    text = page(client, "artwork", work.pk)
    assert "This work could not be indexed." in text
    assert "Disk on fire." not in text
    assert "data-poll" not in text
    client.force_login(staff)
    text = page(client, "artwork", work.pk)
    assert "Disk on fire." in text
    assert "Index again" in text


def test_an_animated_picture_says_that_its_first_frame_is_used(client, run_worker, make_artwork):
    frames = [pictures.draw("disc-a"), pictures.draw("bars-b")]
    animation = pictures.encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    work = make_artwork()
    work.image.save("a.gif", ContentFile(animation))
    run_worker()
    assert "only its first frame is used" in page(client, "artwork", work.pk)


def test_what_is_not_visible_is_as_if_it_did_not_exist(client, collection):
    hidden = collection["disc-a"]
    Artwork.objects.filter(pk=hidden.pk).update(is_public=False)
    for pk in (hidden.pk, 10**6, 10**30, "x", uuid.uuid4()):
        for address in (
            reverse("stylesim:artwork", args=[pk]),
            reverse("stylesim:thumbnail", args=[pk, "small"]),
        ):
            response = client.get(address)
            assert response.status_code == 404
            assert "Page not found" in response.content.decode()
