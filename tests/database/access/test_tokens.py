"""Tokens of the API: several for each person, with names, scopes and an expiry date."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from project.access.models import ApiToken, Scope
from project.access.tokens import make_token
from stylesim_app.api.permissions import HasScope
from tests.database.api.conftest import check_problem, upload

DAY = timedelta(days=1)


def client_of(user, *scopes, lifetime=DAY):
    _, text = make_token(user, "Test", scopes, lifetime)
    return client_with(text)


def client_with(text):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {text}")
    return client


def test_a_token_opens_what_its_account_may(staff, make_artwork):
    hidden = make_artwork(is_public=False)
    sent = {"username": "staff", "password": "staff", "name": "Import"}
    answer = APIClient().post("/api/token/", sent, format="json")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    made = answer.json()
    assert (made["name"], made["scopes"]) == ("Import", ["read", "write"])
    assert made["expiry"] > timezone.now().isoformat()
    client = client_with(made["token"])
    assert client.get(f"/api/artworks/{hidden.pk}/").status_code == 200
    assert "no-store" in client.get(f"/api/artworks/{hidden.pk}/")["Cache-Control"]


def test_the_text_of_a_token_is_not_stored(staff):
    token, text = make_token(staff, "Import", ["read"], DAY)
    row = ApiToken.objects.filter(pk=token.pk).values_list().get()
    assert text not in [str(value) for value in row]
    assert len(text) == 64


@pytest.mark.parametrize(
    ("scopes", "reads", "writes"),
    [
        (["read"], True, False),
        (["write"], False, True),
        (["review"], False, False),
        (["read", "write"], True, True),
    ],
)
def test_each_request_needs_its_scope(staff, make_artwork, scopes, reads, writes):
    address = f"/api/artworks/{make_artwork().pk}/"
    client = client_of(staff, *scopes)
    for path in (address, "/api/artworks/", "/api/", "/api/index/", "/api/schema/"):
        assert (client.get(path).status_code == 200) is reads, path
    assert (client.patch(address, {"title": "T"}, format="json").status_code == 200) is writes
    asked = client.post("/api/index/", {"state": "failed"}, format="json")
    assert (asked.status_code == 202) is writes
    searched = client.post("/api/search/", {"image": upload()}, format="multipart")
    assert (searched.status_code == 202) is reads
    if not writes:
        refused = client.delete(address)
        detail = check_problem(refused, 403, "missing_scope")["detail"]
        assert "“write”" in detail
        assert "administrator" not in detail


def test_a_scope_gives_no_permission_that_the_account_lacks(django_user_model, make_artwork):
    member = django_user_model.objects.create_user("member")
    response = client_of(member, *Scope).delete(f"/api/artworks/{make_artwork().pk}/")
    check_problem(response, 403, "permission_denied")


def test_every_view_of_the_api_asks_for_scopes():
    from stylesim_app.api import urls

    views: list[Any] = [getattr(each.callback, "cls", None) for each in urls.urlpatterns]
    assert len(views) > 8
    assert [view for view in views if HasScope not in view.permission_classes] == []


def test_an_expired_token_is_refused_and_makes_room(staff, settings):
    settings.API_TOKENS_PER_PERSON = 2
    client = client_of(staff, "read", lifetime=-DAY)
    check_problem(client.get("/api/artworks/"), 401, "authentication_failed")
    make_token(staff, "One", ["read"], DAY)
    make_token(staff, "Two", ["read"], DAY)
    with pytest.raises(ValidationError, match="You have 2 tokens"):
        make_token(staff, "Three", ["read"], DAY)
    sent = {"username": "staff", "password": "staff"}
    problem = check_problem(APIClient().post("/api/token/", sent), 400, "invalid")
    assert "Revoke one" in str(problem["errors"])


def test_a_token_of_a_closed_account_is_refused(staff):
    client = client_of(staff, "read")
    staff.is_active = False
    staff.save()
    check_problem(client.get("/api/artworks/"), 401, "authentication_failed")


@pytest.mark.parametrize("text", ["wrong", "ü" * 32, "\udce4\udcff", "a" * 64, "a\0", "a b"])
def test_what_is_no_token_is_refused(db, text):
    client = APIClient()
    header = f"Token {text}".encode(errors="surrogateescape").decode("latin-1")
    client.credentials(HTTP_AUTHORIZATION=header)
    check_problem(client.get("/api/artworks/"), 401, "authentication_failed")


@pytest.mark.parametrize(
    ("field", "value"),
    [("days", 0), ("days", 366), ("scopes", ["admin"]), ("scopes", []), ("name", ""), ("x", 1)],
)
def test_a_token_is_asked_for_with_valid_facts(staff, field, value):
    sent = {"username": "staff", "password": "staff", field: value}
    problem = check_problem(APIClient().post("/api/token/", sent, format="json"), 400, "invalid")
    assert any(name.startswith(field) for name in problem["errors"])


# The page


def test_a_person_makes_and_revokes_tokens_on_a_page(client, staff):
    client.force_login(staff)
    address = reverse("tokens")
    sent = {"name": "Nightly import", "scopes": ["read", "write"], "days": "30"}
    response = client.post(address, sent)
    assert "no-store" in response["Cache-Control"]
    [text] = re.findall(r"<code[^>]*>([0-9a-f]{64})</code>", response.content.decode())
    assert client_with(text).get("/api/artworks/").status_code == 200
    again = client.get(address).content.decode()
    assert text not in again
    assert "Nightly import" in again
    token = ApiToken.objects.get()
    assert token.expiry.date() == (timezone.now() + timedelta(days=30)).date()
    assert str(token) == "Nightly import"
    client.post(reverse("revoke-token", args=[token.digest]))
    check_problem(client_with(text).get("/api/artworks/"), 401, "authentication_failed")


def test_the_page_offers_the_scopes_that_something_needs(client, staff):
    client.force_login(staff)
    shown = client.get(reverse("tokens")).content.decode()
    assert re.findall(r'name="scopes" value="(\w+)"', shown) == ["read", "write"]


def test_a_form_without_scopes_makes_no_token(client, staff):
    client.force_login(staff)
    response = client.post(reverse("tokens"), {"name": "", "days": "30"})
    assert response.content.decode().count("errorlist") == 2
    assert ApiToken.objects.count() == 0


def test_tokens_are_the_business_of_their_owner(client, staff, django_user_model):
    token, _ = make_token(staff, "Import", ["read"], DAY)
    assert client.get(reverse("tokens")).status_code == 302
    client.force_login(django_user_model.objects.create_user("member"))
    assert "Import" not in client.get(reverse("tokens")).content.decode()
    assert client.post(reverse("revoke-token", args=[token.digest])).status_code == 404
    assert ApiToken.objects.count() == 1


def test_administrators_see_and_revoke_tokens(admin_client, staff):
    token, _ = make_token(staff, "Import", ["read"], DAY)
    listed = admin_client.get("/admin/access/apitoken/").content.decode()
    assert "Import" in listed
    assert admin_client.get("/admin/access/apitoken/add/").status_code == 403
    address = f"/admin/access/apitoken/{token.pk}/"
    assert admin_client.get(f"{address}change/").status_code == 200
    admin_client.post(f"{address}delete/", {"post": "yes"})
    assert ApiToken.objects.count() == 0


def test_too_many_tokens_are_refused_on_the_page(client, staff, settings):
    settings.API_TOKENS_PER_PERSON = 1
    client.force_login(staff)
    sent = {"name": "One", "scopes": ["read"], "days": "30"}
    client.post(reverse("tokens"), sent)
    assert "You have 1 tokens" in client.post(reverse("tokens"), sent).content.decode()


@pytest.mark.parametrize(
    ("scopes", "reason"),
    [
        (["admin"], "“admin” is not a scope. The scopes are read, write, review."),
        ([], "Name at least one scope. The scopes are read, write, review."),
        ("read", "Send a list of scopes. The scopes are read, write, review."),
    ],
)
def test_scopes_that_there_are_not_are_explained(staff, scopes, reason):
    sent = {"username": "staff", "password": "staff", "scopes": scopes}
    response = APIClient().post("/api/token/", sent, format="json")
    errors = check_problem(response, 400, "invalid")["errors"]
    assert errors == {"scopes": [reason]}


def test_the_expiry_of_a_token_has_whole_seconds(staff):
    sent = {"username": "staff", "password": "staff"}
    expiry = APIClient().post("/api/token/", sent, format="json").json()["expiry"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", expiry)
