"""Entry points of the API: root, tokens, schema, documentation; and errors in one shape."""

from __future__ import annotations

from http import HTTPStatus
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.exceptions import DisallowedHost, PermissionDenied
from django.core.management import call_command
from django.http import Http404
from django.test import override_settings
from django.urls import include, path, reverse
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.test import APIClient
from rest_framework.views import APIView

from stylesim_app.api import urls as api_urls
from stylesim_app.api.problems import handle_error

from .conftest import check_problem, upload

HOST = "http://testserver"


class HostView(APIView):
    """A view of the host's own API."""

    def get(self, request):
        raise NotImplementedError


urlpatterns = [
    path("own/", HostView.as_view()),
    path("catalogue/api/", include("stylesim_app.api.urls")),
]
without_pages = override_settings(ROOT_URLCONF=__name__)


def test_the_root_lists_the_addresses(visitor, db):
    addresses = visitor.get("/api/").json()
    assert addresses == {
        name: f"{HOST}/api/{name}/"
        for name in (
            *("artworks", "search", "compare", "pairs", "index"),
            *("sets", "token", "schema", "docs"),
        )
    }


def test_a_wrong_token_is_refused_even_where_none_is_needed(db):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Token wrong")
    response = client.get("/api/artworks/")
    problem = check_problem(response, 401, "authentication_failed")
    assert response["WWW-Authenticate"] == "Token"
    assert "send an API token" in problem["detail"]


def test_a_session_needs_the_csrf_token(staff, make_artwork):
    artwork = make_artwork()
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(staff)
    problem = check_problem(client.delete(f"/api/artworks/{artwork.pk}/"), 403, "permission_denied")
    assert "X-CSRFToken" in problem["detail"]
    client.cookies["csrftoken"] = "a" * 32
    response = client.delete(f"/api/artworks/{artwork.pk}/", HTTP_X_CSRFTOKEN="a" * 32)
    assert response.status_code == 204


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "options"])
@pytest.mark.parametrize("rest", ["nothing/", "artworks", "search/1/", "artworks/1/2/3/"])
def test_an_unknown_address(visitor, db, method, rest):
    response = getattr(visitor, method)(f"/api/{rest}", HTTP_ACCEPT="text/html")
    assert f"{HOST}/api/ lists them" in check_problem(response, 404, "not_found")["detail"]


def test_a_method_that_is_not_there(curator, make_artwork):
    response = curator.put("/api/artworks/", {}, format="json")
    assert "GET, POST" in check_problem(response, 405, "method_not_allowed")["detail"]
    for address in ("/api/", "/api/compare/", "/api/schema/", "/api/docs/"):
        check_problem(curator.post(address, {}, format="json"), 405, "method_not_allowed")
    check_problem(curator.get("/api/search/"), 405, "method_not_allowed")


def test_a_body_of_another_type(curator, db):
    response = curator.post("/api/artworks/", b"<a/>", content_type="application/xml")
    problem = check_problem(response, 415, "unsupported_media_type")
    assert "multipart/form-data" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"title": ', "application/json"),
        (b'{"extra": {"width": NaN}}', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"extra":' * 100_000, "application/json"),
        (b"--x\r\n", "multipart/form-data"),
        (b"nothing", "multipart/form-data; boundary=\xff"),
    ],
)
def test_a_body_that_is_not_what_its_type_says(curator, body, content_type, db):
    response = curator.post("/api/artworks/", body, content_type=content_type)
    problem = check_problem(response, 400, "parse_error")
    assert ". Check that the body matches its Content-Type." in problem["detail"]


def test_an_answer_of_another_type_than_there_is(visitor, db):
    response = visitor.get("/api/artworks/", HTTP_ACCEPT="application/xml")
    assert "application/json" in check_problem(response, 406, "not_acceptable")["detail"]


@pytest.mark.parametrize("rest", ["", "artworks/", "index/", "schema/", "docs/"])
def test_a_format_that_there_is_not(visitor, db, rest):
    check_problem(visitor.get(f"/api/{rest}?format=xml"), 406, "not_acceptable")


@pytest.mark.parametrize("rest", ["", "artworks/", "index/", "schema/"])
def test_a_format_that_there_is(visitor, db, rest):
    assert visitor.get(f"/api/{rest}?format=json").status_code == 200


def test_too_much_beside_the_file(curator, settings, db):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    fields = {"title": "x" * 2000, "image": upload()}
    check_problem(curator.post("/api/artworks/", fields, format="multipart"), 413, "too_large")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "permission_denied"),
        (DisallowedHost(), 400, "parse_error"),
        (APIException("Out of order."), 500, "error"),
        (ValidationError("Not like this."), 400, "invalid"),
    ],
)
def test_errors_of_django_and_of_hosts_are_problems_too(error, status, code):
    response = handle_error(error, {"view": HostView()})
    assert response.status_code == status
    assert response.content.decode().count(f'"{code}"') == 1
    assert HTTPStatus(status).phrase in response.content.decode()


def test_a_fault_of_the_program_is_not_hidden():
    assert handle_error(ZeroDivisionError(), {"view": HostView()}) is None


def test_errors_speak_the_language_that_is_asked_for(db):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Token wrong")
    details = {
        language: client.get("/api/", HTTP_ACCEPT_LANGUAGE=language).json()["detail"]
        for language in ("en", "zh-hans")
    }
    assert details["en"].startswith("Invalid token.")
    assert "令牌" in details["zh-hans"]


def test_options_describe_an_address(curator, db):
    answer = curator.options("/api/artworks/").json()
    assert answer["actions"]["POST"]["image"]["required"] is True


@pytest.mark.parametrize(
    ("rest", "methods"),
    [
        ("", "GET"),
        ("artworks/", "GET, POST"),
        ("artworks/1/", "GET, PUT, PATCH, DELETE"),
        ("artworks/999/", "GET, PUT, PATCH, DELETE"),
        ("artworks/1/similar/", "GET"),
        ("artworks/1/small.jpg", "GET"),
        ("search/", "POST"),
        ("search/b5317a9b-0366-4ef9-a227-a6d979a63550/", "GET"),
        ("compare/", "GET"),
        ("pairs/", "GET"),
        ("index/", "GET, POST"),
        ("sets/", "GET, POST"),
        ("sets/1/", "GET, PUT, PATCH, DELETE"),
        ("sets/1/artworks/", "GET, POST"),
        ("sets/1/artworks/1/", "DELETE"),
        ("token/", "POST"),
        ("schema/", "GET"),
        ("docs/", "GET"),
    ],
)
@pytest.mark.parametrize("accepted", ["*/*", "text/html,*/*;q=0.8"])
def test_every_address_says_what_it_takes(visitor, curator, make_artwork, rest, methods, accepted):
    make_artwork(pk=1)
    for client in (visitor, curator):
        response = client.options(f"/api/{rest}", HTTP_ACCEPT=accepted)
        assert response.status_code == 200
        assert set(methods.split(", ")) <= set(response["Allow"].split(", "))


def test_the_schema_is_valid_and_without_warnings(db):
    output = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=output)
    schema = yaml.safe_load(output.getvalue())
    operations = {
        operation["operationId"]: operation
        for methods in schema["paths"].values()
        for operation in methods.values()
    }
    assert set(operations) == {
        *("listArtworks", "createArtwork", "getArtwork", "replaceArtwork", "updateArtwork"),
        *("deleteArtwork", "getThumbnail", "listSimilarArtworks", "startSearch", "getSearch"),
        *("compareArtworks", "getIndex", "requestIndexing", "getToken", "listAddresses"),
        *("listFacets", "listRemovedArtworks"),
        *("listSets", "createSet", "getSet", "replaceSet", "updateSet", "deleteSet"),
        *("listWorksOfSet", "addWorksToSet", "removeWorkFromSet"),
        "listPairs",
    }
    for operation in operations.values():
        problems = [
            answer["content"]
            for status, answer in operation["responses"].items()
            if int(status) >= 400
        ]
        assert problems
        assert all(list(content) == ["application/problem+json"] for content in problems)
    conflicts = {
        name: operations[name]["responses"]["409"]["description"]
        for name in ("deleteArtwork", "compareArtworks")
    }
    assert "Other records" in conflicts["deleteArtwork"]
    assert "Not indexed" in conflicts["compareArtworks"]
    similar = {entry["name"] for entry in operations["listSimilarArtworks"]["parameters"]}
    ranking = {"preset", "style_weight", "content_weight", "layer_weights", "limit"}
    assert similar == {
        *ranking,
        *("id", "lane", "region", "exclude_same_artist", "q", "artist", "medium", "collection"),
        *("exhibition", "year_from", "year_to", "accession_number", "fields"),
        *("within", "If-None-Match"),
        *("artist_is", "medium_is", "collection_is", "exhibition_is"),
    }
    assert {"page", "page_size", "ordering", "q"} <= {
        entry["name"] for entry in operations["listArtworks"]["parameters"]
    }


def test_every_address_is_in_the_schema_or_serves_it(db):
    schema = yaml.safe_load(APIClient().get("/api/schema/").content)
    names = {pattern.name for pattern in api_urls.urlpatterns if pattern.name}
    # The site adds tokens.
    assert len(schema["paths"]) == len(names - {"schema", "docs"} | {"token"})


def test_the_reference_names_every_address_and_parameter(db):
    reference = (Path(__file__).parents[3] / "docs" / "reference" / "api.md").read_text()
    schema = yaml.safe_load(APIClient().get("/api/schema/").content)
    for address, methods in schema["paths"].items():
        row = next(line for line in reference.splitlines() if line.startswith(f"| `{address}` |"))
        for method, operation in methods.items():
            assert method.upper() in row
            for parameter in operation.get("parameters", ()):
                name = parameter["name"]
                assert f"`{name}`" in reference or f"{{{name}}}" in reference, name


@without_pages
def test_in_a_host_the_schema_leaves_out_what_is_not_ours(db):
    answer = APIClient().get("/catalogue/api/schema/", {"format": "json"}).json()
    assert answer["paths"]
    assert all(address.startswith("/catalogue/api/") for address in answer["paths"])


@without_pages
def test_in_a_host_without_the_pages_their_addresses_are_left_out(make_artwork, visitor):
    artwork = make_artwork()
    answer = visitor.get(f"/catalogue/api/artworks/{artwork.pk}/").json()
    assert answer["url"] is None
    assert answer["thumbnails"]["small"].endswith(f"/catalogue/api/artworks/{artwork.pk}/small.jpg")
    sent = visitor.post("/catalogue/api/search/", {"image": upload()}, format="multipart").json()
    assert sent["results_url"] is None


def test_the_documentation_needs_nothing_from_elsewhere(visitor, settings, db):
    page = visitor.get("/api/docs/", HTTP_ACCEPT="text/html").content.decode()
    assert "drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in page
    script = visitor.get("/api/docs/?script=").content.decode()
    assert reverse("stylesim-api:schema") in script
    assert "https://" not in page + script


def test_the_documentation_has_a_language_and_a_way_back(visitor, db):
    headers = {"accept": "text/html", "accept-language": "zh-hans"}
    page = visitor.get("/api/docs/", headers=headers).content.decode()
    assert '<html lang="zh-hans">' in page
    assert '<div id="swagger-ui" lang="en">' in page
    assert 'href="/"' in page


@without_pages
def test_in_a_host_without_the_pages_the_documentation_leads_to_the_schema_alone(visitor, db):
    page = visitor.get("/catalogue/api/docs/", HTTP_ACCEPT="text/html").content.decode()
    assert 'href="/catalogue/api/schema/?format=json"' in page
    assert "gallery" not in page


def test_the_schema_names_the_headers_of_answers_and_one_kind_of_body(db):
    schema = APIClient().get("/api/schema/?format=json").json()
    operations = {
        operation["operationId"]: operation
        for methods in schema["paths"].values()
        for operation in methods.values()
    }

    def headers(name, status):
        return set(operations[name]["responses"][status].get("headers", ()))

    assert {"Location", "Link", "Idempotent-Replayed"} <= headers("createArtwork", "201")
    assert {"Location", "Retry-After"} <= headers("startSearch", "202")
    assert {"Link", "Retry-After"} <= headers("createArtwork", "409")
    assert "ETag" in headers("listArtworks", "200")
    for operation in operations.values():
        body = operation.get("requestBody")
        assert body is None or (len(body["content"]), body["required"]) == (1, True)
        for status, name in (("401", "WWW-Authenticate"), ("429", "Retry-After")):
            answer = operation["responses"].get(status)
            assert answer is None or name in answer["headers"]


def test_the_schema_is_in_english_for_every_reader(visitor, db):
    chinese = visitor.get("/api/schema/?format=json", headers={"accept-language": "zh-hans"})
    assert max(chinese.content.decode()) < "\u4e00"


def test_the_documentation_tells_readers_of_other_languages_that_it_is_in_english(visitor, db):
    english = visitor.get("/api/docs/").content.decode()
    chinese = visitor.get("/api/docs/", headers={"accept-language": "zh-hans"}).content.decode()
    assert '<html lang="zh-hans">' in chinese
    assert '<div id="swagger-ui" lang="en">' in chinese
    assert "参考文档为英文。" in chinese
    assert "in English" not in english


def test_the_schema_tells_what_needs_an_account(visitor, db):
    paths = visitor.get("/api/schema/?format=json").json()["paths"]
    open_to_all = {
        operation["operationId"]
        for methods in paths.values()
        for operation in methods.values()
        if {} in operation.get("security", [{}])
    }
    assert {"listArtworks", "getArtwork", "getToken", "getSet", "startSearch"} <= open_to_all
    closed = {"createArtwork", "deleteArtwork", "listPairs", "listSets", "createSet"}
    assert not closed & open_to_all
