"""The capabilities of a wing, without a change to the app; run by ``test_wing.py``."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import yaml
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone

from stylesim_app import files
from stylesim_app.conf import conf
from stylesim_app.index import vectors
from stylesim_app.models import (
    Artwork,
    ImageSearch,
    IndexEntry,
    StoredDescriptor,
    VectorIndex,
    WorkItem,
)
from stylesim_app.work import kinds, worker, worklist
from stylesim_app.work.pipeline import Pipeline, decode_picture
from tests import pictures

from .lane import MeanColour
from .models import Tone
from .tones import TONES

pytestmark = pytest.mark.django_db
State = WorkItem.State
NAMES = ("disc-a", "bars-b", "cross-c", "disc-b")


@pytest.fixture
def works(make_artwork, run_worker):
    made = {name: make_artwork(name) for name in NAMES}
    # The second time for what the wing asked for when the first was done.
    run_worker()
    run_worker()
    return made


def test_no_migration_is_missing_and_no_check_complains():
    call_command("makemigrations", "--check", "--dry-run")
    call_command("check", fail_level="WARNING")


def test_the_worker_works_off_a_third_kind(works):
    assert [kind.model for kind in kinds.registered()][-1] is Tone
    assert set(Tone.objects.values_list("state", "attempts")) == {(State.INDEXED, 1)}
    assert Tone.objects.count() == len(NAMES)
    for tone in Tone.objects.all():
        assert files.read(tone.swatch_name) == f"{tone.value:.3f}".encode()


def test_it_is_claimed_after_works_and_in_batches_of_its_own(works):
    worklist.request_again(Tone.objects.all())
    worklist.request_again(IndexEntry.objects.all())
    assert worker._claim().kind is kinds.ARTWORKS
    batch = worker._claim()
    assert batch.kind is TONES
    assert len(batch.items) == 2


def test_its_rows_fail_and_are_tried_again_like_others(works, run_worker, monkeypatch):
    tone = Tone.objects.get(artwork=works["disc-a"])
    image = works["disc-a"].image
    with image.open() as file:
        content = file.read()
    image.storage.delete(image.name)
    worklist.request_again(Tone.objects.filter(pk=tone.pk))
    run_worker()
    tone.refresh_from_db()
    # A file may come back: it is tried again later.
    assert (tone.state, tone.attempts, tone.error_code) == (State.PENDING, 1, "file_missing")
    image.storage.save(image.name, ContentFile(b"no picture"))
    worklist.request_again(Tone.objects.filter(pk=tone.pk))
    run_worker()
    tone.refresh_from_db()
    assert (tone.state, tone.error_code) == (State.FAILED, "image_unknown_format")
    image.storage.delete(image.name)
    image.storage.save(image.name, ContentFile(content))
    worklist.request_again(Tone.objects.filter(pk=tone.pk))
    run_worker()
    tone.refresh_from_db()
    assert tone.state == State.INDEXED


def test_a_lost_lease_writes_nothing(works):
    Tone.objects.update(value=None)
    worklist.request_again(Tone.objects.all())
    batch = worker._claim()
    names = [tone.swatch_name for tone in batch.items]
    with Pipeline() as pipeline:
        batch.start(pipeline)
        # Someone asks again before the first is stored.
        lost, kept = batch.items
        worklist.request_again(Tone.objects.filter(pk=lost.pk))
        batch.store(pipeline)
    lost.refresh_from_db()
    kept.refresh_from_db()
    assert (lost.state, lost.value, lost.swatch_name) == (State.PENDING, None, names[0])
    assert kept.state == State.INDEXED
    assert kept.value is not None
    assert worker._claim().items


def test_a_row_of_a_dead_worker_is_claimed_again_until_its_attempts_are_used_up(works, run_worker):
    tone = Tone.objects.get(artwork=works["disc-a"])
    rows = Tone.objects.filter(pk=tone.pk)
    worklist.request_again(rows)
    for attempt in range(1, conf.max_attempts + 1):
        [claimed] = worker._claim().items
        assert claimed.attempts == attempt
        assert worker._claim() is None
        # Its lease ends, and nobody stored anything.
        rows.update(due_at=timezone.now())
    run_worker()
    tone.refresh_from_db()
    assert (tone.state, tone.error_code) == (State.FAILED, "worker_stopped")


def test_its_private_files_go_with_its_rows(works, django_capture_on_commit_callbacks):
    name = Tone.objects.get(artwork=works["disc-a"]).swatch_name
    assert files.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        works["disc-a"].delete()
    assert not files.exists(name)


def test_it_has_a_block_in_each_result_and_a_panel_on_the_page(works, client):
    page = client.get(f"/artworks/{works['disc-a'].pk}/").content.decode()
    tones = [f"{tone.value:.1f}" for tone in Tone.objects.all()]
    assert f"page: tone {works['disc-a'].tone.value:.1f}" in page
    for rank in (1, 2, 3):
        assert f"result {rank}: tone" in page
    assert page.count(": tone ") == 4
    assert all(tone in page for tone in tones)


def test_it_has_a_panel_on_the_record_in_the_admin(works, admin_client):
    record = admin_client.get(f"/admin/stylesim_app/artwork/{works['disc-a'].pk}/change/")
    assert f"record: tone {works['disc-a'].tone.value:.1f}" in record.content.decode()
    assert admin_client.get("/admin/wing/tone/").status_code == 200


def mean_colour(name):
    """Red, green and blue on average, at unit length, from the definition."""
    total = decode_picture(pictures.png(name)).pixels.astype(np.float64).mean(axis=(0, 1))
    return total / np.sqrt((total**2).sum())


def expected_by_colour(query, names):
    """Title and distance of each work, nearest first."""
    distances = {name: 1 - mean_colour(query) @ mean_colour(name) for name in names}
    return sorted(distances.items(), key=lambda item: item[1])


def check_by_colour(results, expected):
    assert [result["artwork"]["title"] for result in results] == [name for name, _ in expected]
    figures = [result["figure"] for result in results]
    # Stores may keep vectors in half precision.
    assert figures == pytest.approx([figure for _, figure in expected], abs=2e-3)


def test_the_workers_store_the_vectors_of_its_lane(works):
    index = VectorIndex.objects.get(embedding=MeanColour.name)
    stored = vectors.open_store(index).read(
        list(StoredDescriptor.objects.values_list("pk", flat=True))
    )
    titles = dict(StoredDescriptor.objects.values_list("pk", "entry__artwork__title"))
    assert len(stored) == len(NAMES)
    for key, each in stored.items():
        assert each.numbers.shape == (1, MeanColour.size)
        np.testing.assert_allclose(each.numbers[0], mean_colour(titles[key]), atol=2e-3)


def test_its_lane_ranks_artworks(works, client):
    for name, work in works.items():
        answer = client.get(f"/api/artworks/{work.pk}/similar/?lane=mean_colour").json()
        others = [other for other in NAMES if other != name]
        assert answer["lane"] == "mean_colour"
        check_by_colour(answer["results"], expected_by_colour(name, others))


def test_its_lane_ranks_for_a_searched_image_and_for_a_file(works, client, run_worker, tmp_path):
    picture = pictures.png("corner-a")
    client.post("/search/", {"image": SimpleUploadedFile("a.png", picture, "image/png")})
    run_worker()
    search = ImageSearch.objects.get()
    answer = client.get(f"/api/search/{search.pk}/?lane=mean_colour").json()
    expected = expected_by_colour("corner-a", NAMES)
    check_by_colour(answer["results"], expected)
    page = client.get(f"/search/{search.pk}/?lane=mean_colour").content.decode()
    assert page.index(f">{expected[0][0]}</a>") < page.index(f">{expected[1][0]}</a>")

    (tmp_path / "a.png").write_bytes(picture)
    printed = io.StringIO()
    call_command("stylesim_rank", tmp_path / "a.png", "--lane", "mean_colour", stdout=printed)
    lines = printed.getvalue().splitlines()[1:]
    ranked = [next(name for name in NAMES if name in line) for line in lines]
    assert ranked == [name for name, _ in expected]


def test_its_lane_is_a_tab_and_its_page_has_the_blocks_of_results(works, client):
    page = client.get(f"/artworks/{works['disc-a'].pk}/?lane=mean_colour").content.decode()
    assert re.search(r'title="[^"]+" aria-current="page">Similar colour</a>', page)
    for words in (MeanColour.question, MeanColour.meaning, MeanColour.limits):
        assert words in page
    for rank in (1, 2, 3):
        assert f"result {rank}: tone" in page


def test_its_lane_is_in_the_schema_of_the_api(client):
    schema = yaml.safe_load(client.get("/api/schema/").content)
    parameters = schema["paths"]["/api/artworks/{id}/similar/"]["get"]["parameters"]
    [lane] = [each for each in parameters if each["name"] == "lane"]
    assert "mean_colour" in lane["schema"]["enum"]


def test_its_page_is_in_the_menu_of_those_who_may_use_it(works, client, admin_client):
    link = '<a href="/wing/tones/"'
    assert link not in client.get("/").content.decode()
    assert link in admin_client.get("/").content.decode()
    page = admin_client.get("/wing/tones/").content.decode()
    assert 'href="/wing/tones/" aria-current="page"' in page


def test_the_wing_goes_without_a_trace(transactional_db):
    call_command("migrate", "wing", "zero", verbosity=0)
    call_command("migrate", verbosity=0)
    assert Artwork.objects.count() == 0
