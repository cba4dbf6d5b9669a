"""A client that openapi-python-client generates from the schema does what a catalogue needs."""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import caches

from stylesim_app import tasks
from stylesim_app.conf import conf
from tests import pictures

NAME = "stylesim_generated"
#: The bytes of a thumbnail, of a type that the generator does not know; nothing is formatted.
CONFIGURATION = """
content_type_overrides: {"image/jpeg": "application/octet-stream"}
post_hooks: []
"""


@pytest.fixture
def generated(live_server, tmp_path, monkeypatch):
    """The modules of the client, generated from the schema of a running site."""
    caches[conf.throttle_cache].clear()
    (tmp_path / "config.yml").write_text(CONFIGURATION)
    command = [
        *(Path(sys.executable).with_name("openapi-python-client"), "generate", "--meta", "none"),
        *("--url", f"{live_server.url}/api/schema/?format=json", "--fail-on-warning"),
        *("--config", tmp_path / "config.yml", "--output-path", tmp_path / NAME),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    monkeypatch.syspath_prepend(tmp_path)
    yield lambda name: importlib.import_module(f"{NAME}.{name}")
    for module in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[module]


@pytest.fixture
def api(generated):
    """The operations by their names, the models, and the types."""
    names = {
        "artworks": "list_artworks create_artwork get_artwork update_artwork delete_artwork "
        "list_similar_artworks get_thumbnail list_removed_artworks",
        "search": "start_search get_search",
        "index": "get_index request_indexing",
        "compare": "compare_artworks",
        "api": "get_token",
    }
    operations = {
        name: generated(f"api.{place}.{name}")
        for place, listed in names.items()
        for name in listed.split()
    }
    modules = {name: generated(name) for name in ("client", "models", "types")}
    return SimpleNamespace(**operations, **modules)


@pytest.fixture
def visitor(live_server, api):
    with api.client.Client(base_url=live_server.url) as client:
        yield client


@pytest.fixture
def member(live_server, staff, visitor, api):
    """A client with a token that it got for a name and password."""
    sent = api.models.CredentialsRequest(username="staff", password="staff", name="Client")
    token = api.get_token.sync(client=visitor, body=sent)
    with api.client.AuthenticatedClient(live_server.url, token.token, prefix="Token") as client:
        yield client


def picture_of(api, name):
    return api.types.File(io.BytesIO(pictures.png(name)), f"{name}.png", "image/png")


def test_a_generated_client_reads_uploads_waits_and_ranks(collection, visitor, member, api):
    models = api.models
    order = [models.ListArtworksOrderingItem(name) for name in ("-title", "artist")]
    some = {"fields": [models.ListArtworksFieldsItem.TITLE], "ordering": order}
    found = api.list_artworks.sync(
        client=visitor, artist_is=["Artist A", "ARTIST B"], q="disc", **some
    )
    assert [work.title for work in found.results] == ["disc-b", "disc-a"]
    assert not found.results[0].thumbnails

    facts = {"title": "New", "accession_number": "1889.12", "is_public": True}
    extra = models.ArtworkRequestAdditionalFields.from_dict({"room": "3"})
    sent = models.ArtworkRequest(**facts, extra=extra, image=picture_of(api, "bars-a"))
    known = api.create_artwork.sync(client=member, body=sent)
    assert (type(known), known.code) == (models.Problem, "duplicate")
    sent = models.ArtworkRequest(**facts, extra=extra, image=picture_of(api, "bars-a"))
    made = api.create_artwork.sync(
        client=member, body=sent, allow_duplicate=True, idempotency_key="once"
    )
    assert (made.extra.to_dict(), made.index.state) == ({"room": "3"}, "pending")
    tasks.ring_again()
    read = api.get_artwork.sync_detailed(made.id, client=visitor)
    assert (read.parsed.index.state, read.parsed.width, read.parsed.height) == ("indexed", 96, 72)

    tag = api.get_artwork.sync_detailed(made.id, client=member).headers["ETag"]
    again = api.get_artwork.sync_detailed(made.id, client=member, if_none_match=tag)
    assert (again.status_code, again.parsed) == (304, None)
    facts = models.PatchedArtworkFactsRequest(artist="Anna", year_number=None)
    changed = api.update_artwork.sync(made.id, client=member, body=facts, if_match=tag)
    assert (changed.title, changed.artist) == ("New", "Anna")

    for lane, kind in (
        ("measure", models.Similar),
        ("same_picture", models.SamePictures),
        ("content", models.LaneAnswer),
    ):
        asked = {"lane": models.ListSimilarArtworksLane(lane), "limit": 3}
        answer = api.list_similar_artworks.sync(made.id, client=visitor, **asked)
        assert type(answer) is kind
        assert answer.results[0].artwork.title == "bars-a"
    pair = [str(collection[name].pk) for name in ("disc-a", "disc-b")]
    assert api.compare_artworks.sync(client=visitor, a=pair[0], b=pair[1]).distance > 0
    asked = models.IndexAgainRequest(artworks=pair)
    assert api.request_indexing.sync(client=member, body=asked).requested == 2
    status = api.get_index.sync(client=visitor)
    assert (status.visible, status.paused, status.storage) == (13, False, [])
    small = api.get_thumbnail.sync(made.id, "small", client=visitor)
    assert small.payload.read(2) == b"\xff\xd8"
    since = datetime.now(UTC)
    assert api.delete_artwork.sync_detailed(made.id, client=member).status_code == 204
    removed = api.list_removed_artworks.sync(client=visitor, since=since)
    assert [each.id for each in removed.results] == [made.id]
    late = api.list_removed_artworks.sync(client=visitor, since=since - timedelta(days=1000))
    assert late.code == "since_too_old"


def test_a_generated_client_searches_by_an_image(collection, visitor, api):
    sent = api.models.ImageSearchRequest(image=picture_of(api, "disc-b"))
    search = api.start_search.sync(client=visitor, body=sent)
    waiting = api.get_search.sync(search.id, client=visitor)
    assert (type(waiting), waiting.state) == (api.models.Search, "pending")
    tasks.ring_again()
    answer = api.get_search.sync(search.id, client=visitor)
    assert (type(answer), answer.state) == (api.models.SearchAnswer, "indexed")
    assert answer.results[0].artwork.title == "disc-b"


def test_the_copy_of_the_how_to_follows_the_collection(generated, live_server, make_artwork, api):
    """The code on the page, run as a catalogue runs it."""
    page = (Path(__file__).parents[3] / "docs/how-to/clients.md").read_text()
    (code,) = re.findall(r"```python\n((?:(?!```).)*def synchronize.*?)```", page, re.DOTALL)
    told: dict[str, Any] = {}
    exec(code.replace("stylesim_client", NAME), told)
    copy: dict[int, Any] = {}
    works = [make_artwork(name) for name in ("disc-a", "disc-b", "disc-c")]
    with api.client.Client(base_url=live_server.url) as client:
        begun = told["synchronize"](client, copy, datetime.now(UTC))
        assert set(copy) == {work.pk for work in works}
        works[0].delete()
        works[1].title = "New"
        works[1].save()
        told["synchronize"](client, copy, begun)
        assert [work.title for work in copy.values()] == ["New", "disc-c"]
        with pytest.raises(LookupError, match="90 days"):
            told["synchronize"](client, copy, begun - timedelta(days=1000))
