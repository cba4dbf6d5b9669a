"""A real django-q2 cluster, in separate processes, on a separate database."""

from __future__ import annotations

import contextlib

from tests import pictures
from tests.clusters import RANK, kill_group


def test_an_upload_is_ranked_while_worker_and_site_run(site, workers):
    workers()
    site.upload("disc-a", "disc-b", "bars-c")
    site.wait_until(lambda: site.states() == ["indexed"] * 3)
    site.upload("disc-c")
    site.wait_until(lambda: site.states() == ["indexed"] * 4)
    assert len(site.run("-c", RANK).splitlines()) == 3
    weights = "SELECT DISTINCT length(weights) FROM stylesim_app_workersign"
    site.wait_until(lambda: site.query(weights) == [(12,)])
    [(seen,)] = site.query("SELECT count(*) FROM stylesim_app_workersign")
    assert seen == 1


def test_uploads_before_the_worker_starts_and_lost_messages_are_found(site, workers):
    site.upload("disc-a", "disc-b")
    with contextlib.closing(site.connect()) as connection:
        connection.execute("DELETE FROM django_q_ormq")
    workers()
    site.wait_until(lambda: site.states() == ["indexed"] * 2)


def test_a_killed_cluster_loses_nothing(site, workers):
    site.environment["DJANGO_SETTINGS_MODULE"] = "tests.short_lease_settings"
    first = workers()
    site.upload(*pictures.NAMES)
    site.wait_until(lambda: "indexed" in site.states())
    kill_group(first)
    workers()
    site.wait_until(lambda: site.states() == ["indexed"] * len(pictures.NAMES))
    [(attempts,)] = site.query("SELECT max(attempts) FROM stylesim_app_indexentry")
    assert attempts <= 3


def test_two_clusters_share_the_work(site, workers):
    workers()
    workers()
    site.upload(*pictures.NAMES)
    site.wait_until(lambda: site.states() == ["indexed"] * len(pictures.NAMES))
    assert site.query("SELECT max(attempts) FROM stylesim_app_indexentry") == [(1,)]
    [(stored,)] = site.query("SELECT count(*) FROM stylesim_app_storeddescriptor")
    assert stored == len(pictures.NAMES)
    assert len(list((site.folder / "stylesim" / "descriptors").rglob("*.safetensors"))) == stored
