"""The admin: lists, pictures and records, for the shipped model and a host's own admin."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.core.files.base import ContentFile
from django.urls import include, path, reverse
from django.utils import timezone
from PIL import Image

from stylesim_app.admin import ArtworkAdmin, SimilarWorksAdminMixin
from stylesim_app.collection import thumbnails
from stylesim_app.models import Artwork, IndexEntry, WorkerSign
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
from tests import pictures
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


class PlainAdmin(SimilarWorksAdminMixin, admin.ModelAdmin):
    """What a host writes that knows nothing but the mixin."""


class OwnActionAdmin(SimilarWorksAdminMixin, admin.ModelAdmin):
    """A host with columns, links and actions of its own."""

    list_display = ("artist", "title")
    list_display_links = ("title",)
    list_filter = ("artist",)
    actions = ("praise",)

    @admin.action(description="Praise")
    def praise(self, request, artworks):
        self.message_user(request, "Praised.")


bare_site = admin.AdminSite(name="admin")
bare_site.register(Artwork, PlainAdmin)
own_site = admin.AdminSite(name="own")
own_site.register(Artwork, OwnActionAdmin)
# For the tests of a host without the pages of the app.
urlpatterns = [
    path("bare/", bare_site.urls),
    path("own/", own_site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]


def hide_b(request):
    """A hook by which nobody sees the works of manner b."""
    return Artwork.objects.exclude(title__endswith="-b")


def test_the_list_shows_picture_state_and_reason(staff_client, collection, make_artwork):
    fail(collection["disc-b"])
    IndexEntry.objects.filter(artwork=collection["disc-c"]).update(state="stale")
    make_artwork("disc-a", title="new one")
    html = staff_client.get(LIST).content.decode()
    assert html.count('class="stylesim-thumbnail"') == 13
    assert html.count('class="stylesim-state stylesim-indexed"') == 10
    assert html.count('class="stylesim-state stylesim-stale">out of date') == 1
    assert html.count('class="stylesim-state stylesim-pending">waiting') == 1
    assert html.count('class="stylesim-state stylesim-failed">failed') == 1
    assert "cannot be opened.</span>" in html


def test_a_long_reason_is_shortened_in_the_list_and_whole_in_its_title(staff_client, make_artwork):
    artwork = make_artwork()
    fail(artwork, "weights_missing", path="x" * 400)
    html = staff_client.get(LIST).content.decode()
    assert f'not found: {"x" * 400}."' in html
    assert "…</span>" in html


def test_the_number_of_queries_does_not_grow_with_the_list(
    staff_client, collection, django_assert_max_num_queries
):
    staff_client.get(LIST)
    with django_assert_max_num_queries(22) as few:
        staff_client.get(f"{LIST}?q=disc")
    with django_assert_max_num_queries(22) as many:
        staff_client.get(f"{LIST}?q=-")
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("pending", {"bars-a", "new one"}),
        ("failed", {"disc-b"}),
        ("stale", {"disc-c"}),
        ("indexed", set(pictures.NAMES) - {"bars-a", "disc-b", "disc-c"}),
    ],
)
def test_the_filter_by_state(staff_client, collection, make_artwork, state, expected):
    IndexEntry.objects.filter(artwork=collection["bars-a"]).update(state="pending")
    fail(collection["disc-b"])
    IndexEntry.objects.filter(artwork=collection["disc-c"]).update(state="stale")
    make_artwork("disc-a", title="new one")
    Artwork.objects.create(title="without a picture")
    shown = staff_client.get(f"{LIST}?index_state={state}").context["cl"].queryset
    assert {artwork.title for artwork in shown} == expected


def test_a_work_without_a_picture_says_so(staff_client, db):
    artwork = Artwork.objects.create(title="without a picture")
    html = staff_client.get(LIST).content.decode()
    assert '<span class="stylesim-state">no picture</span>' in html
    assert "stylesim-thumbnail" not in html
    html = staff_client.get(f"{LIST}{artwork.pk}/change/").content.decode()
    assert "This work has no picture. Add one to find similar works." in html


def test_the_reason_of_an_attempt_that_will_be_repeated_is_shown(staff_client, make_artwork):
    fail(make_artwork())
    IndexEntry.objects.update(state="pending", attempts=1)
    html = staff_client.get(LIST).content.decode()
    assert re.search(r"waiting</span> <span class=.stylesim-reason", html)


def test_search_filters_and_order(staff_client, collection):
    def titles(query):
        return [work.title for work in staff_client.get(LIST + query).context["cl"].result_list]

    assert set(titles("?q=disc")) == {"disc-a", "disc-b", "disc-c"}
    assert set(titles("?artist=Artist B&collection=bars")) == {"bars-b"}
    assert titles("?is_public__exact=0") == []
    # The columns: picture, title, state, artist, year.
    assert titles("?o=5") == sorted(titles(""), key=pictures.NAMES.index)
    assert len(titles("?o=3")) == 12


def test_a_field_of_many_values_is_left_to_search(staff_client, collection):
    html = staff_client.get(LIST).content.decode()
    assert "By artist" in html
    Artwork.objects.bulk_create(
        Artwork(title="w", artist=f"Painter {number}", image="x.png") for number in range(101)
    )
    html = staff_client.get(LIST).content.decode()
    assert "By artist" not in html
    assert "By collection" in html


def test_notices_say_what_to_do(staff_client, collection, make_artwork):
    assert "stylesim-notice" not in staff_client.get(LIST).content.decode()
    make_artwork("disc-a")
    assert "1 work is waiting to be indexed, but no worker is running" in (
        staff_client.get(LIST).content.decode()
    )
    WorkerSign.objects.create(host="h", seen_at=timezone.now())
    assert "stylesim-notice" not in staff_client.get(LIST).content.decode()
    WorkerSign.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    IndexEntry.objects.filter(artwork__artist="Artist A").update(state="stale")
    html = staff_client.get(LIST).content.decode()
    assert "no worker is running" in html
    assert "4 works were indexed with a different network" in html
    assert "stylesim_index --stale" in html


def test_the_hook_rules_the_admin_too(staff_client, collection, settings):
    settings.STYLESIM_VISIBLE_ARTWORKS = "tests.database.admin.test_admin.hide_b"
    shown = staff_client.get(LIST).context["cl"].queryset
    assert {artwork.title[-1] for artwork in shown} == {"a", "c"}
    hidden = collection["disc-b"]
    seen = collection["disc-a"]
    assert staff_client.get(f"{SIMILAR}?ids={hidden.pk}").status_code == 404
    assert staff_client.get(f"{SIMILAR}?ids={seen.pk},{hidden.pk}").status_code == 404
    assert staff_client.get(f"{LIST}{hidden.pk}/picture/small.jpg").status_code == 404
    assert staff_client.get(f"{ENTRIES}?q=disc").context["cl"].queryset.count() == 2
    for address in (f"{SIMILAR}?ids={seen.pk}&limit=20", f"{LIST}{seen.pk}/change/"):
        html = staff_client.get(address).content.decode()
        assert "-b" not in "".join(ranked_titles(html)[0])
        assert "8 of 8 works you can see are indexed." in html


def test_a_thumbnail_is_a_jpeg_that_only_this_reader_keeps(staff_client, make_artwork):
    artwork = make_artwork()
    html = staff_client.get(LIST).content.decode()
    (address,) = re.findall(r'class="stylesim-thumbnail" src="([^"]+)"', html)
    thumbnails.make_thumbnails(artwork)
    response = staff_client.get(address.replace("&amp;", "&"))
    assert response.headers["Content-Type"] == "image/jpeg"
    assert "private" in response.headers["Cache-Control"]
    with Image.open(io.BytesIO(response.getvalue())) as image:
        assert image.size == (96, 72)
    assert staff_client.get(f"{LIST}{artwork.pk}/picture/huge.jpg").status_code == 404
    assert staff_client.get(f"{LIST}99/picture/small.jpg").status_code == 404
    assert staff_client.get(f"{LIST}none/picture/small.jpg").status_code == 404


def test_a_picture_that_cannot_be_shown_is_a_placeholder(staff_client, make_artwork):
    broken, gone, empty = (make_artwork("disc-a") for _ in range(3))
    broken.image.storage.delete(broken.image.name)
    broken.image.storage.save(broken.image.name, ContentFile(pictures.png()[:200]))
    gone.image.storage.delete(gone.image.name)
    Artwork.objects.filter(pk=empty.pk).update(image="")
    for artwork in (broken, gone):
        response = staff_client.get(f"{LIST}{artwork.pk}/picture/small.jpg")
        assert response.status_code == 404
        assert response.headers["Content-Type"] == "image/svg+xml"
        assert response.headers["Cache-Control"] == "no-store"
    assert staff_client.get(f"{LIST}{empty.pk}/picture/small.jpg").status_code == 404
    assert staff_client.get(f"{LIST}{gone.pk}/change/").status_code == 200


def test_the_record_shows_index_facts_and_ranked_works(
    staff_client, collection, make_artwork, index_artwork
):
    artwork = collection["disc-a"]
    index_artwork(make_artwork("disc-a"), "disc-a")
    IndexEntry.objects.filter(artwork=artwork).update(notes=["first_frame"])
    response = staff_client.get(f"{LIST}{artwork.pk}/change/")
    html = response.content.decode()
    assert ranked_titles(html) == [titles_of(artwork)]
    assert artwork.stylesim_entry.image_sha256 in html
    assert "only its first frame is used" in html
    assert f'href="{LIST}{collection["disc-b"].pk}/change/"' in html
    assert f'href="{SIMILAR}?ids={artwork.pk}">More options' in html
    assert "Distance = 1 × style + 0.0001 × content" in html
    # The copy is closer than all pairs; of the nearest other work, rounding decides whether it is.
    shares = len(re.findall(r"Closer than [\d.]+% of pairs", html))
    all_pairs = html.count("Closer than all random pairs")
    assert shares + all_pairs == 10
    assert all_pairs in (1, 2)
    assert f'href="{LIST}{artwork.pk}/picture/large.jpg?v=' in html


def test_the_distances_of_the_record_are_those_of_the_service(staff_client, collection):
    artwork = collection["cross-c"]
    response = staff_client.get(f"{LIST}{artwork.pk}/change/")
    shown = [result.distance for _, result in response.context["stylesim_section"].results]
    works = Artwork.objects.all()
    expected = find_similar(artwork, RankingOptions(), works, works).results
    assert shown == [result.distance for result in expected]


@pytest.mark.parametrize(
    ("state", "reason"),
    [("none", "This work is waiting to be indexed"), ("failed", "cannot be opened.")],
)
def test_a_record_that_cannot_be_ranked_says_why(staff_client, collection, state, reason):
    artwork = collection["disc-a"]
    IndexEntry.objects.filter(artwork=artwork).delete()
    if state == "failed":
        fail(artwork)
    html = staff_client.get(f"{LIST}{artwork.pk}/change/").content.decode()
    assert reason in html
    assert ranked_titles(html) == []


def test_a_stale_record_is_still_ranked_and_says_what_it_is(staff_client, collection):
    artwork = collection["disc-a"]
    IndexEntry.objects.filter(artwork=artwork).update(state="stale")
    html = staff_client.get(f"{LIST}{artwork.pk}/change/").content.decode()
    assert "Indexed with a different network. Index it again to update it." in html
    assert len(ranked_titles(html)[0]) == 10


def test_the_only_work_has_none_to_compare_with(staff_client, make_artwork, index_artwork):
    artwork = make_artwork()
    index_artwork(artwork, "disc-a")
    html = staff_client.get(f"{LIST}{artwork.pk}/change/").content.decode()
    assert "No other works are indexed yet. Similar works appear here once they are." in html


def test_titles_are_escaped(staff_client, collection):
    Artwork.objects.update(title="<script>alert(1)</script>")
    pk = collection["disc-a"].pk
    for address in (LIST, f"{LIST}{pk}/change/", f"{SIMILAR}?ids={pk}", ENTRIES):
        assert b"<script>alert" not in staff_client.get(address).content
    entry = IndexEntry.objects.get(artwork=pk)
    assert b"<script>alert" not in staff_client.get(f"{ENTRIES}{entry.pk}/change/").content


@pytest.mark.urls("tests.database.admin.test_admin")
def test_the_mixin_alone_is_enough_and_needs_no_pages(admin_client, collection):
    artwork = collection["disc-a"]
    base = "/bare/stylesim_app/artwork/"
    html = admin_client.get(base).content.decode()
    assert html.count("stylesim-thumbnail") == 12
    assert html.count("stylesim-state stylesim-indexed") == 12
    assert "By index state" in html
    html = admin_client.get(f"{base}{artwork.pk}/change/").content.decode()
    assert ranked_titles(html) == [titles_of(artwork)]
    response = act(admin_client, "find_similar_works", [artwork], base)
    assert response.url == f"{base}similar/?ids={artwork.pk}"
    assert ranked_titles(admin_client.get(response.url).content.decode()) == [titles_of(artwork)]


@pytest.mark.urls("tests.database.admin.test_admin")
def test_what_the_host_names_itself_stays(admin_client, collection):
    base = "/own/stylesim_app/artwork/"
    page = admin_client.get(base)
    columns = page.context["cl"].list_display
    assert columns == [
        "action_checkbox",
        "stylesim_picture",
        "artist",
        "stylesim_state",
        "title",
    ]
    assert list(page.context["cl"].list_display_links) == ["title"]
    assert "By artist" in page.content.decode()
    choices = dict(page.context["action_form"].fields["action"].choices)
    assert {"find_similar_works", "index_again", "praise"} <= set(choices)
    response = act(admin_client, "praise", [collection["disc-a"]], base)
    assert messages_of(admin_client.get(response.url)) == ["Praised."]


def test_view_on_site_leads_to_the_page_where_there_is_one(staff_client, collection):
    artwork = collection["disc-a"]
    html = staff_client.get(f"{LIST}{artwork.pk}/change/").content.decode()
    page = reverse("stylesim:artwork", args=[artwork.pk])
    assert f'<a href="{page}" class="viewsitelink">' in html


@pytest.mark.urls("tests.database.admin.test_admin")
def test_view_on_site_is_left_out_without_the_pages(collection):
    shipped = ArtworkAdmin(Artwork, bare_site)
    assert shipped.get_view_on_site_url(collection["disc-a"]) is None


def test_works_are_listed_and_filtered_by_accession_number(admin_client, make_artwork):
    for name, number in (("disc-a", "A 1"), ("disc-b", "a  1"), ("bars-a", "B 2"), ("bars-b", "")):
        make_artwork(name, accession_number=number)

    def found(**query):
        page = admin_client.get("/admin/stylesim_app/artwork/", query)
        return sorted(work.title for work in page.context["cl"].result_list)

    text = admin_client.get("/admin/stylesim_app/artwork/").content.decode()
    assert "column-accession_number" in text
    assert found(accession="shared") == ["disc-a", "disc-b"]
    assert found(accession="given") == ["bars-a", "disc-a", "disc-b"]
    assert found(accession="none") == ["bars-b"]
    assert found(q="b 2") == ["bars-a"]
