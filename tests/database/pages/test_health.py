"""Health of the site, as load balancers and monitoring ask for it."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder

from stylesim_app.index import health
from stylesim_app.views.health import HealthThrottle
from stylesim_app.work import signs

pytestmark = pytest.mark.django_db
READY = "/health/ready"


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def worker():
    signs.sign_of_life()


def test_a_process_that_answers_is_live(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/health/live")
    assert response.json() == {"status": "ok"}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("address", ["/health/ready", "/health/ready/", "/health/"])
def test_a_site_where_all_works_is_ready(client, worker, address):
    response = client.get(address)
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert "no-store" in response["Cache-Control"]


def test_a_site_without_a_worker_is_not_ready(client):
    response = client.get(READY)
    assert response.status_code == 503
    assert response.json() == {"status": "failed", "failing": ["workers"]}


def test_a_migration_that_is_not_applied_is_named(client, worker):
    MigrationRecorder.Migration.objects.filter(app="stylesim_app", name="0004_vectors").delete()
    assert client.get(READY).json()["failing"] == ["migrations"]


def test_a_missing_storage_is_named(client, worker, collection, settings, tmp_path):
    assert client.get(READY).status_code == 200
    settings.STORAGES = {
        **settings.STORAGES,
        "stylesim": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "unmounted"},
        },
    }
    response = client.get(READY)
    assert response.json()["failing"] == ["storage"]
    assert "unmounted" not in response.content.decode()


def test_what_the_database_says_stays_in_the_log(client, worker, monkeypatch, caplog):
    def fail():
        raise OperationalError("password of user stylesim at db.example.org")

    monkeypatch.setitem(health.CHECKS, "database", fail)
    response = client.get(READY)
    assert response.json() == {"status": "failed", "failing": ["database"]}
    assert "db.example.org" in caplog.text


def test_other_methods_are_refused(client):
    assert client.post(READY).status_code == 405
    assert client.post("/health/live").status_code == 405
    assert client.head("/health/live").status_code == 200


def test_checks_are_limited_for_each_address(client, worker, monkeypatch):
    monkeypatch.setattr(HealthThrottle, "rate", "2/minute")
    answers = [client.get(READY).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    assert int(client.get(READY)["Retry-After"]) > 0
    assert client.get("/health/live").status_code == 200
    assert client.get(READY, REMOTE_ADDR="10.0.0.9").status_code == 200
