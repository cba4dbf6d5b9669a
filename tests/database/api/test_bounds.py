"""Bounds of query parameters: in the schema, and in what a request can cost."""

import pytest

from stylesim_app.models import Artwork

pytestmark = pytest.mark.django_db
WORDS = " ".join(["ab"] * 900)
#: Values that a parameter cannot have, or that a database cannot hold, as in an address.
NASTY = [
    *("%00", "a%00b", "%ED%A0%80", "9" * 5000, "-" + "9" * 400, "1e999999", "nan", ","),
    WORDS.replace(" ", "+"),
]
NAMES = [
    *("q", "artist", "medium", "collection", "exhibition", "year_from", "year_to", "ordering"),
    *("page", "page_size", "cursor", "lane", "preset", "style_weight", "content_weight", "region"),
    *("layer_weights", "limit", "exclude_same_artist", "within", "a", "b"),
]


def is_bounded(schema):
    if "enum" in schema or schema["type"] == "boolean" or schema.get("format") == "uuid":
        return True
    if schema["type"] == "array":
        return is_bounded(schema["items"]) and "maxItems" in schema
    if schema["type"] == "string":
        return "maxLength" in schema
    return {"minimum", "maximum"} <= set(schema)


def test_every_query_parameter_has_bounds_in_the_schema(visitor, settings):
    settings.STYLESIM_MAX_RESULTS = 70
    schema = visitor.get("/api/schema/?format=json").json()
    parameters = {
        parameter["name"]: parameter["schema"]
        for path in schema["paths"].values()
        for operation in path.values()
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query"
    }
    assert set(NAMES) <= set(parameters)
    assert [name for name, found in parameters.items() if not is_bounded(found)] == []
    assert parameters["limit"]["maximum"] == parameters["page_size"]["maximum"] == 70
    assert parameters["q"]["maxLength"] == 200


@pytest.mark.parametrize(
    "address",
    ["/api/artworks/", "/api/artworks/{}/similar/", "/api/compare/", "/", "/artworks/{}/"],
)
def test_no_value_is_a_fault_of_the_server(client, make_artwork, address):
    work = make_artwork()
    client.raise_request_exception = False
    answers = {
        (name, value[:20]): client.get(f"{address.format(work.pk)}?{name}={value}").status_code
        for name in NAMES
        for value in NASTY
    }
    assert {key: status for key, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"q": WORDS[:200]}, "Enter at most 10 words."),
        ({"q": "a" * 201}, "at most 200 characters"),
        ({"artist": "a" * 201}, "at most 200 characters"),
        ({"ordering": "title,artist,title"}, "Name at most 4 fields, each once."),
    ],
)
def test_a_query_that_asks_too_much_is_refused_with_the_limit(visitor, query, reason):
    answer = visitor.get("/api/artworks/", query)
    assert answer.status_code == 400
    [messages] = answer.json()["errors"].values()
    assert reason in messages[0]


def test_the_gallery_shows_the_limit_beside_the_field(client, make_artwork):
    make_artwork()
    text = client.get("/", {"q": WORDS[:200]}).content.decode()
    assert "Enter at most 10 words." in text


def test_a_long_query_takes_no_more_queries_than_a_short_one(
    visitor, make_artwork, django_assert_max_num_queries
):
    make_artwork()
    with django_assert_max_num_queries(2):
        visitor.get("/api/artworks/", {"q": " ".join("disc" for _ in range(10))})


@pytest.mark.parametrize("key", ["9" * 5000, "a\0", "-1", "1" * 19, "１"])
def test_a_key_that_is_none_is_not_found(visitor, key):
    assert visitor.get("/api/compare/", {"a": key, "b": "1"}).status_code == 404


def test_ids_to_index_again_are_bounded(admin_client):
    data = {"artworks": ["1" * 201]}
    answer = admin_client.post("/api/index/", data, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.parametrize("model", ["artwork", "indexentry"])
def test_the_admin_finds_what_the_pages_find_within_the_same_bounds(
    admin_client, make_artwork, index_artwork, model
):
    for name, title in (("disc-a", "Étude en bleu"), ("disc-b", "Autre")):
        index_artwork(make_artwork(name, title=title), name)
    address = f"/admin/stylesim_app/{model}/"
    found = admin_client.get(address, {"q": "etude BLEU"}).content.decode()
    assert "Étude en bleu" in found
    assert "Autre" not in found
    for text in (WORDS, "a" * 201):
        answer = admin_client.get(address, {"q": text}, follow=True)
        assert answer.status_code == 200
        assert "Enter at most 10 words" in answer.content.decode() or "200" in str(answer.content)
    assert Artwork.objects.count() == 2
