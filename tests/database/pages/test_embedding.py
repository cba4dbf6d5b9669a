"""The template tag that shows similar works in a page of the host."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import override_settings

from stylesim_app.collection.visibility import visible_artworks
from stylesim_app.models import IndexEntry, WorkItem
from stylesim_app.ranking.measure import Measure
from stylesim_app.views import embedding
from stylesim_app.views.forms import RankingForm


def show(request, artwork, arguments="", **names):
    page = Template(f"{{% load stylesim_embed %}}{{% similar_works work {arguments} %}}")
    return page.render(Context({"work": artwork, "request": request, **names})).strip()


def titles(html):
    return re.findall(r'embed-title">([^<]*)<', html)


def test_the_works_that_the_ranking_lists_first_are_shown(collection, visitor_request):
    html = show(visitor_request, collection["disc-a"], 'lane="measure" limit=3')
    answer = embedding.similar_works(visitor_request, collection["disc-a"].pk, limit=3)
    assert titles(html) == [work.title for work in answer.works]
    assert len(answer.works) == 3
    work = answer.works[0].artwork
    assert f'href="/artworks/{work.pk}/"' in html
    assert f'src="/artworks/{work.pk}/medium.jpg?v=' in html
    assert work.artist in html
    assert '<h2 class="stylesim-embed-heading" id="stylesim-embed-1">Similar works</h2>' in html


def test_heading_and_level_are_those_of_the_host(collection, visitor_request):
    work = collection["disc-a"]
    html = show(visitor_request, work, "heading=words level=4", words="More <like> this")
    assert "<h4 " in html
    assert "More &lt;like&gt; this</h4>" in html
    assert 'aria-labelledby="stylesim-embed-1"' in html
    again = show(visitor_request, work, 'heading=""')
    assert "<h2" not in again
    assert 'aria-label="Similar works"' in again
    assert 'id="stylesim-embed-3"' in show(visitor_request, work, "level=9")


def test_only_what_the_reader_may_see_is_shown(collection, visitor_request, staff, rf):
    work, near = collection["disc-a"], collection["disc-b"]
    near.is_public = False
    near.save()
    assert near.title not in show(visitor_request, work, "limit=11")
    request = rf.get("/")
    request.user = staff
    assert near.title in show(request, work, "limit=11")
    assert show(visitor_request, near) == ""


def test_what_is_no_closer_than_an_ordinary_pair_is_left_out(collection, visitor_request, rf):
    page = embedding.similar_works(visitor_request, collection["disc-a"], limit=11)
    shown = {work.artwork for work in page.works}
    answer = Measure().of_artwork(
        collection["disc-a"], *ask(visitor_request, {"lane": "measure", "limit": 11})
    )
    far = {each.artwork for each in answer.results if (each.closer_than or 0) <= 50}
    assert far
    assert shown == {each.artwork for each in answer.results} - far


def ask(request, query):
    form = RankingForm(query)
    assert form.is_valid()
    visible = visible_artworks(request)
    return form.options(), visible, visible, form.serving


def test_a_work_that_waits_or_failed_says_so(make_artwork, visitor_request):
    work = make_artwork()
    assert "being compared" in show(visitor_request, work)
    IndexEntry.objects.create(artwork=work, state=WorkItem.State.FAILED)
    assert "not available" in show(visitor_request, work)


@pytest.mark.parametrize(
    "arguments", ['lane="nothing"', "limit=0", "limit=1000000", 'size="huge"', 'preset="x"']
)
def test_what_cannot_be_shown_leaves_the_page_as_it_is(collection, visitor_request, arguments):
    assert show(visitor_request, collection["disc-a"], arguments) == ""


@pytest.mark.parametrize("artwork", [None, "", "nonsense", 0, [], object()])
def test_what_is_no_artwork_shows_nothing(db, visitor_request, artwork):
    assert show(visitor_request, artwork) == ""


def test_a_fault_is_logged_and_stops_neither_page_nor_transaction(
    collection, visitor_request, monkeypatch, caplog, django_user_model
):
    def fail(*_args, **_kwargs):
        django_user_model.objects.raw("SELECT nonsense")[0]

    monkeypatch.setattr(Measure, "of_artwork", fail)
    assert show(visitor_request, collection["disc-a"]) == ""
    assert "similar works could not be shown" in caplog.text
    assert django_user_model.objects.count() == 0


def test_without_a_request_nothing_is_shown_and_the_log_says_why(collection, caplog):
    assert show(None, collection["disc-a"]) == ""
    assert "needs the request" in caplog.text


@override_settings(ROOT_URLCONF="tests.database.pages.test_embedding")
def test_a_host_without_the_pages_gets_titles_without_links(collection, visitor_request):
    assert isinstance(visitor_request.user, AnonymousUser)
    html = show(visitor_request, collection["disc-a"], "limit=3")
    assert len(titles(html)) == 3
    assert "<a " not in html
    assert "<img " not in html


urlpatterns: list[object] = []
