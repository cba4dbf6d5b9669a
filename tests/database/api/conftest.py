"""Callers of the API, from anonymous to staff, and their requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from tests import pictures


@pytest.fixture(autouse=True)
def nothing_throttled_yet() -> None:
    cache.clear()


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
        client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
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
