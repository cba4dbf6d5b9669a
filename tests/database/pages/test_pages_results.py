"""Results as pages show them: figures, works set apart, what goes before, export, next works."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from PIL import Image

from stylesim_app.core.errors import ImageError
from stylesim_app.index import upkeep
from stylesim_app.messages import join_words, localize, whole_number
from stylesim_app.models import Artwork, ImageSearch, IndexEntry
from tests import pictures, same_pictures
from tests.pages import page, titles, upload_of

FAR = "Less alike than an ordinary pair"


def values(text, label):
    return [each.strip() for each in re.findall(rf">{label}</a></dt><dd>([^<]+)<", text)]


def table(response):
    """The rows of a CSV answer, by column."""
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))


# Figures


def test_distances_are_raw_and_shares_are_percentages(client, collection):
    pk = collection["disc-a"].pk
    paper = page(client, "artwork", pk)
    styles, contents = values(paper, "Style distance"), values(paper, "Content distance")
    assert len(styles) == len(contents) == 10
    percents = [int(percent) for percent in re.findall(r'#share"[^>]*>(\d+)%<', paper)]
    shares = list(zip(percents[::2], percents[1::2], strict=True))
    assert len(shares) == 10
    assert all(sum(pair) == 100 for pair in shares)
    distance, style = float(values(paper, "Distance")[0]), float(styles[0])
    assert shares[0][0] == pytest.approx(100 * style / distance, abs=1)
    # A weight changes shares, and neither of the two distances.
    heavier = page(client, "artwork", pk, style_weight="1", content_weight="0.01", limit="50")
    assert set(contents) <= set(values(heavier, "Content distance"))


@pytest.mark.parametrize(("preset", "left_out"), [("content", "style"), ("style", "content")])
def test_what_has_no_weight_is_left_out(client, collection, preset, left_out):
    text = page(client, "artwork", collection["disc-a"].pk, preset=preset)
    assert len(values(text, "Distance")) == 10
    assert not values(text, f"{left_out.title()} distance")
    assert "#share" not in text


def test_every_figure_links_to_its_meaning(client, collection):
    meanings = page(client, "figures")
    known = set(re.findall(r'<div id="([\w-]+)">', meanings))
    named = set()
    for lane in ("measure", "artist_style"):
        upkeep.maintain(60, idle=True)
        text = page(client, "artwork", collection["disc-a"].pk, lane=lane)
        named |= set(re.findall(rf'href="{reverse("stylesim:figures")}#([\w-]+)"', text))
    assert named <= known
    assert {"closer-than", "distance", "style-distance", "content-distance", "share"} <= named


# Works that are not close


def test_works_farther_than_an_ordinary_pair_are_set_apart(client, collection):
    text = page(client, "artwork", collection["disc-a"].pk, limit="50")
    close, far = text.split(FAR)
    assert len(titles(close)) + len(titles(far)) == 11
    assert min(map(float, values(far, "Distance"))) > max(map(float, values(close, "Distance")))
    assert all(float(share) < 50 for share in re.findall(r"Closer than ([\d.]+)% of", far))
    # They are numbered on.
    assert f'<li class="work" value="{len(titles(close)) + 1}">' in far


def test_where_none_is_close_the_page_says_so(client, collection):
    text = page(client, "artwork", collection["disc-a"].pk, artist="Artist C", limit="50")
    names = titles(text)
    Artwork.objects.exclude(title__in=["disc-a", names[-1]]).update(is_public=False)
    text = page(client, "artwork", collection["disc-a"].pk)
    assert titles(text) == [names[-1]]
    assert "No close works; the nearest are" in text
    assert FAR not in text


def test_the_admin_sets_them_apart_too(staff_client, collection):
    address = reverse("admin:stylesim_app_artwork_similar")
    text = staff_client.get(address, {"ids": collection["disc-a"].pk, "limit": 50})
    text = text.content.decode()
    assert text.count('class="bar"') == 11
    assert FAR in text


# Searches by an image


def search_for(client, run_worker, image):
    client.post(reverse("stylesim:search"), {"image": image})
    run_worker()
    return ImageSearch.objects.get()


def upload_of_noise():
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    return SimpleUploadedFile("noise.png", buffer.getvalue())


def test_an_image_like_nothing_here_is_told_so(client, collection, run_worker):
    search = search_for(client, run_worker, upload_of_noise())
    text = page(client, "search-results", search.pk)
    assert "Your picture is like nothing here." in text
    assert "100% of the works here have a closer neighbour than your picture has." in text
    # Among some works only, nothing is known of all.
    assert "closer neighbour" not in page(client, "search-results", search.pk, artist="Artist A")


def test_nothing_is_unlike_where_its_very_picture_was_found(client, collection, run_worker):
    search = search_for(client, run_worker, upload_of_noise())
    known = same_pictures.match(collection["disc-a"], collection["disc-b"])
    search.same_pictures = [[known.candidate_id, known.relation]]
    search.save()
    text = page(client, "search-results", search.pk)
    assert "1 work in the collection also shows this picture." in text
    assert "closer neighbour" not in text


def test_a_picture_that_is_here_is_not(client, collection, run_worker):
    search = search_for(client, run_worker, upload_of("disc-a"))
    text = page(client, "search-results", search.pk)
    assert "like nothing here" not in text
    assert "0% of the works here have a closer neighbour than your picture has." in text


# A picture that was replaced


def test_a_ranking_of_an_earlier_file_says_so(client, collection):
    work = collection["disc-a"]
    said = "These results are those of the earlier file."
    assert said not in page(client, "artwork", work.pk)
    # By an update that sends no signal; the next run of the schedule will find it.
    name = work.image.storage.save("artworks/new.png", ContentFile(pictures.png("bars-b")))
    Artwork.objects.filter(pk=work.pk).update(image=name)
    assert said in page(client, "artwork", work.pk)
    IndexEntry.objects.filter(artwork=work).update(image_name=name)
    assert said not in page(client, "artwork", work.pk)


# Export


def test_a_ranking_is_a_table_for_spreadsheets(client, collection):
    Artwork.objects.filter(title="disc-b").update(title='=HYPERLINK("x")', artist=" +49")
    Artwork.objects.filter(title="bars-a").update(is_public=False)
    pk = collection["disc-a"].pk
    text = page(client, "artwork", pk, preset="balanced", limit="50")
    [link] = re.findall(r'href="([^"]+\.csv[^"]*)"', text)
    response = client.get(link)
    assert response.content.startswith(b"\xef\xbb\xbf")
    assert response["Content-Disposition"] == (f'attachment; filename="similar-{pk}-measure.csv"')
    rows = table(response)
    assert len(rows) == 10
    assert [row["Rank"] for row in rows] == [str(rank) for rank in range(1, 11)]
    named = {row["Title"]: row for row in rows}
    assert "bars-a" not in named
    row = named['\'=HYPERLINK("x")']
    assert row["Artist"] == "' +49"
    assert row["Address"].startswith("http://testserver/artworks/")
    assert int(row["Share of style (%)"]) + int(row["Share of content (%)"]) == 100
    assert float(row["Distance"]) > 0


def test_what_cannot_be_listed_leads_to_its_page(client, collection):
    pk = collection["disc-a"].pk
    response = client.get(reverse("stylesim:artwork-csv", args=[pk]), {"preset": "nice"})
    assert response.url == f"/artworks/{pk}/?preset=nice"
    Artwork.objects.filter(pk=pk).update(is_public=False)
    assert client.get(reverse("stylesim:artwork-csv", args=[pk])).status_code == 404


def test_same_pictures_and_searches_are_tables_too(client, matched_works, run_worker):
    _, copy = matched_works
    address = reverse("stylesim:artwork-csv", args=[copy.pk])
    [row] = table(client.get(address, {"lane": "same_picture"}))
    assert int(row["Matching points"]) > 20
    assert "mirrored" in row["How"]
    search = search_for(client, run_worker, upload_of("disc-a"))
    address = reverse("stylesim:search-csv", args=[search.pk])
    rows = table(client.get(address, {"limit": "3"}))
    assert len(rows) == 3
    ImageSearch.objects.all().delete()
    assert client.get(address).status_code == 404


# The works before and after


def steps(text):
    found = dict(re.findall(r'<a rel="(prev|next)" href="([^"]+)"', text))
    return found.get("prev"), found.get("next")


def test_previous_and_next_follow_the_order_that_the_reader_came_from(client, collection):
    gallery = page(client, "gallery", ordering="title", artist="artist a")
    first, second, *_ = re.findall(r'href="(/artworks/[^"]+)"', gallery)
    text = client.get(first).content.decode()
    assert steps(text) == (None, second)
    text = client.get(second).content.decode()
    assert steps(text)[0] == first
    assert 'href="/?ordering=title&amp;artist=artist+a"' in text
    # The list of the gallery is no filter of the results, and goes with the control and the tabs.
    assert len(titles(text)) == 10
    assert '<input type="hidden" name="from"' in text
    [lanes] = re.findall(r'<nav class="lanes".*?</nav>', text, re.DOTALL)
    assert lanes.count("from=ordering%3Dtitle") == 5


def test_without_a_list_the_default_order_is_followed(client, collection):
    keys = [int(key) for key in re.findall(r'href="/artworks/(\d+)/"', page(client, "gallery"))]
    for query in ({}, {"from": "q=nothing like this"}, {"from": "year_from=x"}):
        text = page(client, "artwork", keys[3], **query)
        assert steps(text) == (f"/artworks/{keys[2]}/", f"/artworks/{keys[4]}/")
    Artwork.objects.filter(pk=keys[4]).update(is_public=False)
    assert steps(page(client, "artwork", keys[3]))[1] == f"/artworks/{keys[5]}/"


# Numbers and lists in Chinese


def test_chinese_counts_ten_thousands_and_has_a_comma_of_its_own():
    error = ImageError("image_too_many_pixels", width=20_000, height=20_000, limit=100)
    assert "The limit is 100 million pixels." in localize(error)
    assert whole_number(1_250_000) == "1,250,000"
    assert join_words(["a", "b"]) == "a, b"
    with translation.override("zh-hans"):
        assert whole_number(100_000_000) == "1 亿"
        assert whole_number(1_250_000) == "125 万"
        assert whole_number(130_816).replace(",", "") == "130816"
        assert "1 亿像素" in localize(error)
        assert join_words(["甲", "乙"]) == "甲、乙"
