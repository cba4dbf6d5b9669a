"""Limits on passwords, at both sign-in pages and at the token endpoint."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings as django_settings
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from stylesim_app.api.throttling import caller_address
from stylesim_app.conf import conf
from tests.database.api.conftest import check_problem

PAGES = ("/accounts/login/", "/admin/login/")
ALL = (*PAGES, "/api/token/")
LIMIT = django_settings.AXES_FAILURE_LIMIT


def attempt(client, address, password="guess", username="staff", **extra):
    return client.post(address, {"username": username, "password": password}, **extra)


@pytest.mark.parametrize("address", ALL)
def test_after_some_wrong_passwords_the_right_one_is_refused_everywhere(client, staff, address):
    statuses = [attempt(client, address).status_code for _ in range(LIMIT)]
    assert statuses[:-1] == [400 if "api" in address else 200] * (LIMIT - 1)
    for other in ALL:
        # A new client: nothing is kept in the session.
        response = attempt(Client(), other, password="staff")
        assert response.status_code == 429, other
        assert response["Retry-After"] == "900"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Too many failed attempts to sign in"), ("zh-hans", '<html lang="zh-hans">')],
)
@pytest.mark.parametrize("address", PAGES)
def test_the_refusal_is_a_page_of_the_site(client, staff, address, language, words):
    for _ in range(LIMIT):
        response = attempt(client, address, headers={"accept-language": language})
    text = response.content.decode()
    assert words in text
    assert 'class="site-header"' in text


def test_the_refusal_of_a_token_is_a_problem(client, staff):
    for _ in range(LIMIT):
        response = attempt(client, "/api/token/")
    problem = check_problem(response, 429, "locked_out")
    assert "15 minutes" in problem["detail"]


def test_the_lock_ends_and_a_success_forgets_failures(client, staff):
    for _ in range(LIMIT):
        attempt(client, "/accounts/login/")
    earlier = timezone.now() - django_settings.AXES_COOLOFF_TIME - timedelta(seconds=1)
    AccessAttempt.objects.update(attempt_time=earlier)
    assert attempt(client, "/accounts/login/", "staff").status_code == 302
    client.logout()
    for _ in range(LIMIT - 1):
        assert attempt(client, "/accounts/login/").status_code == 200


def test_attempts_during_the_lock_do_not_prolong_it(client, staff):
    for _ in range(LIMIT):
        attempt(client, "/accounts/login/")
    before = AccessAttempt.objects.get()
    attempt(client, "/accounts/login/")
    after = AccessAttempt.objects.get()
    assert (after.attempt_time, after.failures_since_start) == (before.attempt_time, LIMIT)


def test_another_address_is_not_locked_out(client, staff):
    for _ in range(LIMIT):
        attempt(client, "/accounts/login/")
    response = attempt(client, "/accounts/login/", "staff", REMOTE_ADDR="192.0.2.7")
    assert response.status_code == 302


@pytest.mark.parametrize("address", ALL)
def test_one_address_tries_few_passwords_whatever_the_accounts(client, db, address):
    statuses = [
        attempt(client, address, username=f"user{number}").status_code for number in range(21)
    ]
    assert 429 not in statuses[:20]
    assert statuses[20] == 429
    # The pages are still shown.
    assert client.get("/accounts/login/").status_code == 200


def test_limits_are_kept_where_all_processes_read_them():
    backend = django_settings.CACHES[conf.throttle_cache]["BACKEND"]
    assert backend == "django.core.cache.backends.db.DatabaseCache"
    caches[conf.throttle_cache].set("a", 1)
    assert caches.create_connection(conf.throttle_cache).get("a") == 1


def test_no_password_is_kept_of_a_failed_attempt(client, staff):
    attempt(client, "/accounts/login/", "my-secret-guess")
    kept = AccessAttempt.objects.get()
    assert "my-secret-guess" not in f"{kept.post_data}{kept.get_data}"


@pytest.mark.parametrize(
    ("proxies", "address", "forwarded", "found"),
    [
        (0, "192.0.2.1", "", "192.0.2.1"),
        (0, "192.0.2.1", "198.51.100.1", "192.0.2.1"),
        (None, "192.0.2.1", "198.51.100.1", "192.0.2.1"),
        (1, "127.0.0.1", "198.51.100.1, 192.0.2.1", "192.0.2.1"),
        (2, "127.0.0.1", "198.51.100.1, 192.0.2.1", "198.51.100.1"),
        (1, "127.0.0.1", "", "127.0.0.1"),
        (1, "127.0.0.1", "nonsense", ""),
        (0, "", "198.51.100.1", ""),
        (0, "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::"),
        (0, "::ffff:192.0.2.1", "", "192.0.2.1"),
    ],
)
def test_the_address_of_a_caller(rf, settings, proxies, address, forwarded, found):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    extra = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert caller_address(rf.get("/", REMOTE_ADDR=address, **extra)) == found


def test_the_records_of_attempts_have_chinese_names(admin_client):
    headers = {"accept-language": "zh-hans"}
    page = admin_client.get("/admin/axes/accessattempt/", headers=headers).content.decode()
    assert "登录尝试" in page
    assert "access attempt" not in page.lower()
