"""Requests drawn from the OpenAPI schema: no answer is a failure, or one that it does not name."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from project.access.models import Scope
from project.access.tokens import make_token
from stylesim_app.conf import conf

#: Requests of one caller to one operation: every day, and before a release.
FEW = 6
EXAMPLES = int(os.environ.get("STYLESIM_EXAMPLES", "25"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = (
    *("GET /api/", "GET /api/artworks/", "POST /api/artworks/", "GET /api/artworks/{id}/"),
    *("PUT /api/artworks/{id}/", "PATCH /api/artworks/{id}/", "DELETE /api/artworks/{id}/"),
    *("GET /api/artworks/{id}/similar/", "GET /api/artworks/{id}/{size}.jpg", "POST /api/search/"),
    *("GET /api/search/{id}/", "GET /api/compare/", "GET /api/index/", "POST /api/index/"),
    *("POST /api/token/", "GET /api/artworks/facets/", "GET /api/pairs/"),
    "GET /api/artworks/removed/",
    *("GET /api/sets/", "POST /api/sets/", "GET /api/sets/{id}/"),
    *("PUT /api/sets/{id}/", "PATCH /api/sets/{id}/"),
    *("DELETE /api/sets/{id}/", "GET /api/sets/{id}/artworks/"),
    "POST /api/sets/{id}/artworks/",
    "DELETE /api/sets/{id}/artworks/{artwork}/",
)
#: Operations that take nothing, or any text.
ALWAYS_VALID = {
    *("GET /api/", "GET /api/index/", "GET /api/artworks/{id}/", "DELETE /api/artworks/{id}/"),
    *("GET /api/sets/{id}/", "DELETE /api/sets/{id}/"),
    "DELETE /api/sets/{id}/artworks/{artwork}/",
}


@pytest.fixture
def schema(db):
    """The schema of the site, whose requests leave the connection of the test open."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/schema/?format=json", WSGIHandler())
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


def test_every_operation_is_tried(schema):
    found = {f"{each.ok().method.upper()} {each.ok().path}" for each in schema.get_all_operations()}
    assert found == set(OPERATIONS)


@pytest.mark.parametrize("caller", ["anonymous", "staff"])
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    "examples", [FEW, pytest.param(EXAMPLES, marks=pytest.mark.release, id="many")]
)
def test_answers_are_those_of_the_schema(schema, collection, caller, name, examples):
    method, path = name.split()
    headers = {}
    if caller == "staff":
        user = User.objects.create_superuser("root")
        _, token = make_token(user, "Test", list(Scope), timedelta(days=1))
        headers["Authorization"] = f"Token {token}"
    operation = schema[path][method.lower()]
    drawn = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    if name not in ALWAYS_VALID:
        drawn |= operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    limits = caches[conf.throttle_cache]
    keys = [work.pk for work in collection.values()]

    @given(case=drawn)
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case):
        limits.clear()
        # Keys drawn at random lead nowhere; every other one is of a work.
        if "id" in case.path_parameters and len(str(case.path_parameters["id"])) % 2:
            case.path_parameters["id"] = str(keys[0])
        case.call_and_validate(headers=headers, checks=CHECKS)

    check()
