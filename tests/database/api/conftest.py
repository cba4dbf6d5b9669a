"""Callers of the API, from anonymous to staff, and their requests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from project.access.models import Scope
from project.access.tokens import make_token
from stylesim_app.conf import conf
from tests import pictures


@pytest.fixture(autouse=True)
def nothing_throttled_yet(db: None) -> None:
    caches[conf.throttle_cache].clear()


@pytest.fixture
def visitor() -> APIClient:
    return APIClient()


@pytest.fixture
def with_permissions(django_user_model: Any) -> Callable[..., APIClient]:
    """``with_permissions("add_artwork", is_staff=True)``: a client of such a user, by token."""

    def make(*codenames: str, **fields: Any) -> APIClient:
        name = f"user{django_user_model.objects.count()}"
        user = django_user_model.objects.create_user(name, password="secret", **fields)
        user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
        client = APIClient()
        _, token = make_token(user, "Test", list(Scope), timedelta(days=1))
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    return make


@pytest.fixture
def curator(staff: Any) -> APIClient:
    """Staff with every permission of the app, logged in with a session."""
    client = APIClient()
    client.force_login(staff)
    return client


def upload(name: str = "disc-a", file_name: str | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(file_name or f"{name}.png", pictures.png(name), "image/png")


def check_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem that an answer is, after a look at its shape."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert {"type", "title", "status", "detail", "code"} <= set(problem)
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["detail"].endswith(".")
    return problem
