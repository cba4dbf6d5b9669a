"""Many chosen works in one table: the best match of each, in few database queries."""

from __future__ import annotations

import csv
from io import StringIO

from django.db import connection
from django.test.utils import CaptureQueriesContext

from stylesim_app.admin.many import MAX_ROWS
from stylesim_app.index import upkeep
from stylesim_app.models import Artwork
from stylesim_app.ranking import lanes
from stylesim_app.ranking.options import RankingOptions
from tests.admin_pages import LIST, act, messages_of
from tests.rankings import rank

TABLE = f"{LIST}similar/table/"


def address(works, **extra):
    parts = "".join(f"&{name}={value}" for name, value in extra.items())
    return f"{TABLE}?ids={','.join(str(work.pk) for work in works)}{parts}"


def test_each_row_has_the_best_works_of_its_ranking(staff_client, collection):
    upkeep.maintain(60, idle=True)
    works = list(collection.values())
    response = act(staff_client, "find_similar_works", works[:3])
    assert response.url.startswith(TABLE)
    rows = staff_client.get(response.url).context["rows"]
    assert {row.query.artwork for row in rows} == set(works[:3])
    for row in rows:
        work = row.query.artwork
        expected = [(r.artwork, r.distance, r.closer_than) for r in rank(work, limit=5).results]
        assert [(n.artwork, n.distance, n.closer_than) for n, _ in row.nearest] == expected


def test_the_number_of_queries_does_not_grow(staff_client, collection):
    upkeep.maintain(60, idle=True)
    works = list(collection.values())
    counts = []
    for chosen in (works[:2], works):
        with CaptureQueriesContext(connection) as queries:
            staff_client.get(address(chosen))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_same_pictures_and_files_are_in_the_table_and_its_csv(staff_client, stored_matches):
    originals, copy = stored_matches
    page = staff_client.get(address([originals[0], originals[1]]))
    first, second = page.context["rows"]
    assert [near.artwork for near, _ in first.same_pictures] == [copy]
    assert second.same_pictures == []
    assert f"{LIST}{copy.pk}/change/" in page.content.decode()
    Artwork.objects.filter(pk=copy.pk).update(title="=copy")
    content = staff_client.get(address([originals[0]], format="csv")).content.decode()
    assert content.startswith("\ufeff")
    rows = list(csv.DictReader(StringIO(content.lstrip("\ufeff"))))
    (same,) = [row for row in rows if row["lane"] == "same_picture"]
    assert same["title"] == "'=copy"
    assert int(same["matching_points"]) > 0


def test_a_lane_of_vectors_is_added_on_demand(staff_client, collection):
    upkeep.maintain(60, idle=True)
    works = list(collection.values())[:3]
    lane = lanes.get("artist_style")
    visible = Artwork.objects.all()
    for chosen in ({}, {"lane": lane.name}):
        page = staff_client.get(address(works, **chosen))
        table = page.content.decode().partition("<thead>")[2].partition("</tbody>")[0]
        header, _, body = table.partition("</thead>")
        assert header.count("<th") * len(works) == body.count("<th ") + body.count("<td")
    for row, work in zip(page.context["rows"], works, strict=True):
        answer = lane.of_artwork(work, RankingOptions(limit=5), visible, visible)
        expected = [(result.artwork, result.figure) for result in answer.results]
        assert [(near.artwork, near.distance) for near, _ in row.chosen] == expected
    content = staff_client.get(address(works, lane=lane.name, format="csv")).content.decode()
    rows = list(csv.DictReader(StringIO(content.lstrip("\ufeff"))))
    assert sum(row["lane"] == lane.name for row in rows) == 15


def test_hidden_works_are_neither_rows_nor_results(staff_client, collection, settings):
    upkeep.maintain(60, idle=True)
    settings.STYLESIM_VISIBLE_ARTWORKS = "tests.database.admin.test_admin_many.without_discs"
    hidden, shown = collection["disc-a"], collection["bars-a"]
    assert staff_client.get(address([shown, hidden])).status_code == 404
    (row,) = staff_client.get(address([shown])).context["rows"]
    titles = {near.artwork.title for near, _ in row.nearest}
    assert titles
    assert not any(title.startswith("disc") for title in titles)


def without_discs(_request):
    return Artwork.objects.exclude(title__startswith="disc")


def test_more_works_than_fit_are_named(staff_client, make_artwork):
    works = Artwork.objects.bulk_create(
        [Artwork(title=f"work {number}", image="x.png") for number in range(MAX_ROWS + 2)]
    )
    page = staff_client.get(address(works))
    assert len(page.context["rows"]) == MAX_ROWS
    assert messages_of(page) == [
        f"Only {MAX_ROWS} works can be shown at once; select fewer to see the others."
    ]
