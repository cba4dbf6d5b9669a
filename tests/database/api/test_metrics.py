"""Metrics for Prometheus."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.contrib.auth.models import Permission
from prometheus_client.parser import text_string_to_metric_families

from stylesim_app.api import metrics
from stylesim_app.core.descriptors import Provenance
from stylesim_app.models import IndexEntry
from stylesim_app.work import pause, signs
from tests.admin_pages import fail

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-more-than-twenty-characters"


@pytest.fixture(autouse=True)
def token(settings):
    settings.STYLESIM_METRICS_TOKEN = TOKEN


def scrape(client, authorization=f"Bearer {TOKEN}"):
    return client.get("/metrics", headers={"Authorization": authorization})


def values(response):
    """The samples of an answer, by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def test_the_work_list_and_the_workers_are_measured(client, collection):
    fail(collection["disc-b"])
    IndexEntry.objects.filter(artwork=collection["disc-a"]).update(state="pending")
    signs.note_provenance(Provenance("other", "0123456789abcdef", "float32"))
    signs.sign_of_life()
    pause.begin("someone")
    found = values(scrape(client))
    assert found["stylesim_entries", ("state", "failed")] == 1
    assert found["stylesim_entries", ("state", "pending")] == 1
    assert found["stylesim_entries", ("state", "stale")] == 0
    assert found["stylesim_failures", ("reason", "image_broken")] == 1
    assert found["stylesim_oldest_waiting_seconds",] > 0
    assert found["stylesim_indexed_last_minute",] == 12
    assert found["stylesim_attempts",] == 3
    assert found["stylesim_searches", ("state", "pending")] == 0
    assert found["stylesim_paused",] == 1
    assert found["stylesim_storage_up",] == 1
    assert found["stylesim_workers",] == 1
    [seen] = [key for key in found if key[0] == "stylesim_worker_seen_timestamp_seconds"]
    assert ("weights", "0123456789ab") in seen
    assert ("pid", str(os.getpid())) in seen


def test_queries_are_timed_by_lane(client, collection):
    def count(lane):
        return values(scrape(client)).get(("stylesim_query_seconds_count", ("lane", lane)), 0)

    before = count("measure"), count("content")
    client.get(f"/artworks/{collection['disc-a'].pk}/")
    client.get(f"/api/artworks/{collection['disc-a'].pk}/similar/")
    assert (count("measure"), count("content")) == (before[0] + 2, before[1])


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é"]
)
def test_others_are_refused(client, authorization):
    response = scrape(client, authorization)
    assert response.status_code == 401
    assert b"stylesim_" not in response.content
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_token_in_the_address_is_ignored(client):
    assert client.get("/metrics", {"token": TOKEN}).status_code == 401


def test_without_a_token_none_is_right(client, settings):
    del settings.STYLESIM_METRICS_TOKEN
    assert scrape(client, "Bearer ").status_code == 401
    assert scrape(client).status_code == 401


def test_a_person_with_the_permission_counts_what_they_see(
    client, collection, settings, django_user_model
):
    settings.STYLESIM_VISIBLE_ARTWORKS = "tests.database.admin.test_admin.hide_b"
    user = django_user_model.objects.create_user("operator")
    client.force_login(user)
    assert client.get("/metrics").status_code == 401
    user.user_permissions.add(Permission.objects.get(codename="view_workersign"))
    found = values(client.get("/metrics"))
    assert found["stylesim_entries", ("state", "indexed")] == 8
    assert values(scrape(client))["stylesim_entries", ("state", "indexed")] == 12


def test_a_site_without_the_library_gives_the_reason(client, monkeypatch):
    monkeypatch.setattr(metrics, "AVAILABLE", False)
    response = scrape(client)
    assert response.status_code == 501
    assert b"django-stylesim[metrics]" in response.content
    assert scrape(client, "").status_code == 401


def test_several_processes_add_up_their_times(tmp_path):
    """Each process writes its times to the folder, from which any of them answers."""
    code = (
        "import django; django.setup()\n"
        "from stylesim_app.api import metrics\n"
        "from stylesim_app.ranking.timing import timed\n"
        "with timed('measure'): pass\n"
        "print(metrics.prometheus_client.generate_latest(metrics._process_registry()).decode())\n"
    )
    environment = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for _ in range(2)
    ]
    assert 'stylesim_query_seconds_count{lane="measure"} 2.0' in outputs[-1]
