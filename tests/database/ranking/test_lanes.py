"""The lanes of vectors, and the preset ``copies``, against cosines in float64 of what is stored."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from PIL import Image

from stylesim_app import files
from stylesim_app.core.boxes import Box
from stylesim_app.core.descriptors import CONTENT_LAYER, STYLE_LAYERS, Descriptor
from stylesim_app.core.embedding import RMAC, RegionEmbedding, Vectors
from stylesim_app.exceptions import NotIndexed, NotPrepared
from stylesim_app.index import scales, sets, upkeep, vectors
from stylesim_app.index.embeddings import PICTURE, REGIONS, Embedding
from stylesim_app.index.serving import Serving
from stylesim_app.models import (
    Artwork,
    ImageSearch,
    IndexEntry,
    StoredDescriptor,
    VectorIndex,
    WorkItem,
)
from stylesim_app.ranking import lanes
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.queries import FileQuery
from tests import pictures, same_pictures
from tests.unit.same_picture.drawn import draw

KINDS = ("artwork", "search", "file")
#: Each way to rank by vectors: the lane, and its options.
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "artist_style": ("artist_style", {}),
    "content": ("content", {}),
    "whole": ("regions", {}),
    "region": ("regions", {"region": Box(0.25, 0.0, 0.5, 0.5)}),
    "copies": ("measure", {"preset": "copies"}),
}
#: Numbers of each part of a picture's vector, in their order.
SIZES = {**dict.fromkeys(STYLE_LAYERS, 128), CONTENT_LAYER: 256, RMAC: 256}
EQUAL = (1.0,) * 5
UNEQUAL = (1.0, 0.0, 2.0, 0.0, 0.5)
NEAR = 1e-5


@dataclasses.dataclass
class Asked:
    """The picture disc-a, as an artwork, a search or a file."""

    kind: str
    query: Any
    descriptor: Any

    def answer(self, way: str, visible: Any = None, candidates: Any = None, **options: Any) -> Any:
        name, defaults = WAYS[way]
        chosen = RankingOptions(**{"limit": 50, **defaults, **options})
        lane = lanes.get(name)
        if self.kind == "file":
            return lane.of_file(self.query, chosen)
        visible = Artwork.objects.all() if visible is None else visible
        candidates = visible if candidates is None else candidates
        ask = lane.of_artwork if self.kind == "artwork" else lane.of_search
        return ask(self.query, chosen, visible, candidates)

    def vector(self) -> np.ndarray:
        """That of the entire picture."""
        if self.kind == "artwork":
            return kept(PICTURE)["disc-a"].numbers[0]
        fitted = vectors.fitted_to(index_of(PICTURE), PICTURE)
        return fitted.describe(self.descriptor).numbers[0]

    def others(self) -> set[str]:
        """The works that are ranked."""
        return set(pictures.NAMES) - ({"disc-a"} if self.kind == "artwork" else set())


@pytest.fixture
def works(collection):
    upkeep.maintain(60, idle=True)
    return collection


@pytest.fixture
def searched(described):
    """``searched("disc-a")``: a search for that picture, as a worker leaves it."""

    def make(name: str) -> ImageSearch:
        return ImageSearch.objects.create(
            state=WorkItem.State.INDEXED,
            descriptor_name=files.write("searches", "safetensors", described[name].to_bytes()),
            descriptor_set=sets.serving_set(),
        )

    return make


@pytest.fixture
def asked(request, works, searched, described, tmp_path):
    kind = getattr(request, "param", "artwork")
    if kind == "artwork":
        stored = StoredDescriptor.objects.get(entry__artwork=works["disc-a"])
        return Asked(kind, works["disc-a"], files.read_descriptor(stored.file_name))
    if kind == "search":
        search = searched("disc-a")
        return Asked(kind, search, files.read_descriptor(search.descriptor_name))
    path = tmp_path / "disc-a.png"
    path.write_bytes(pictures.png("disc-a"))
    rounded = Descriptor.from_bytes(described["disc-a"].to_bytes())
    return Asked(kind, FileQuery(path), rounded)


def index_of(embedding: Embedding) -> VectorIndex:
    index = Serving().vector_index(embedding.name)
    assert index is not None
    return index


def kept(embedding: Embedding) -> dict[str, Vectors]:
    """The stored values of each work, by title."""
    names = dict(StoredDescriptor.objects.values_list("pk", "entry__artwork__title"))
    found = vectors.open_store(index_of(embedding)).read(list(names))
    return {names[key]: each for key, each in found.items()}


def measure(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """The cosine distance of each part of two pictures' vectors."""
    ends = np.cumsum(list(SIZES.values()))[:-1]
    first, second = (np.split(np.asarray(each, np.float64), ends) for each in (a, b))
    return {part: 1 - float(x @ y) for part, x, y in zip(SIZES, first, second, strict=True)}


def clip(parts: dict[str, float]) -> dict[str, float]:
    """Distances of vectors that were rounded may be below zero."""
    return {part: max(0.0, distance) for part, distance in parts.items()}


def weigh(parts: dict[str, float], way: str, layer_weights: tuple[float, ...]) -> float:
    """The mean of the parts that a lane counts."""
    style = np.average([parts[layer] for layer in STYLE_LAYERS], weights=layer_weights)
    return {
        "artist_style": style,
        "content": parts[CONTENT_LAYER],
        "whole": parts[RMAC],
    }[way]


def check_order(results: list[Any], figures: list[float], expected: dict[str, float]) -> None:
    """All works are listed once, with their figures and nearest first; works that are equally far
    in any order."""
    titles = [result.artwork.title for result in results]
    assert sorted(titles) == sorted(expected)
    assert [result.rank for result in results] == list(range(1, len(results) + 1))
    assert figures == pytest.approx([expected[title] for title in titles], abs=NEAR)
    assert figures == pytest.approx(sorted(expected.values()), abs=NEAR)


def check_entire(asked: Asked, way: str, **options: Any) -> Any:
    """A lane of entire pictures: its order, its figures, and the share of pairs as close."""
    layer_weights = options.get("layer_weights", EQUAL)
    stored = {name: each.numbers[0] for name, each in kept(PICTURE).items()}
    query = asked.vector()
    expected = {
        name: max(0.0, weigh(measure(query, stored[name]), way, layer_weights))
        for name in asked.others()
    }
    answer = asked.answer(way, **options)
    check_order(answer.results, [result.figure for result in answer.results], expected)
    rows = list(stored.values())
    pairs = [
        weigh(measure(a, b), way, layer_weights)
        for number, a in enumerate(rows)
        for b in rows[:number]
    ]
    for result in answer.results:
        closer = sum(pair <= result.figure for pair in pairs)
        # A pair of the sample may be the work itself, by a rounding error nearer or farther.
        assert result.unusual == pytest.approx((closer + 1) / 67, abs=1.01 / 67)
        assert result.region is None
    assert (len(answer.scale), answer.region) == (66, None)
    assert (answer.lane, answer.query) == (WAYS[way][0], getattr(asked.query, "shown", asked.query))
    assert (answer.indexed, answer.visible) == (12, 12)
    return answer


@pytest.mark.parametrize("way", ["artist_style", "content", "whole"])
@pytest.mark.parametrize("asked", KINDS, indirect=True)
def test_entire_pictures_are_ranked_by_the_cosines_of_their_parts(asked, way):
    answer = check_entire(asked, way)
    if asked.kind != "artwork":
        assert answer.results[0].artwork.title == "disc-a"
        assert answer.results[0].figure == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("asked", KINDS, indirect=True)
def test_layers_count_by_their_weights(asked):
    equal = check_entire(asked, "artist_style")
    answer = check_entire(asked, "artist_style", layer_weights=UNEQUAL)
    figures = [[each.figure for each in ranked.results] for ranked in (equal, answer)]
    assert figures[0] != figures[1]


@pytest.mark.parametrize("way", ["content", "whole"])
def test_lanes_without_layers_do_not_look_at_their_weights(asked, way):
    plain, weighed = asked.answer(way), asked.answer(way, layer_weights=UNEQUAL)
    assert [each.figure for each in plain.results] == [each.figure for each in weighed.results]


@pytest.mark.parametrize(
    "box", [Box(0.25, 0.0, 0.5, 0.5), Box(0.1, 0.2, 0.37, 0.41)], ids=["of the grid", "any"]
)
@pytest.mark.parametrize("asked", KINDS, indirect=True)
def test_a_region_is_compared_with_all_regions_of_each_work(asked, box):
    fitted = vectors.fitted_to(index_of(REGIONS), REGIONS)
    assert isinstance(fitted, RegionEmbedding)
    query = fitted.whitening.describe_box(asked.descriptor, box).astype(np.float64)
    stored = kept(REGIONS)
    distances = {
        name: 1 - stored[name].numbers.astype(np.float64) @ query for name in asked.others()
    }
    answer = asked.answer("region", region=box)
    figures = [result.figure for result in answer.results]
    check_order(answer.results, figures, {name: each.min() for name, each in distances.items()})
    for result in answer.results:
        name = result.artwork.title
        found = distances[name][stored[name].boxes.index(result.region)]
        assert found == pytest.approx(result.figure, abs=NEAR)
        assert 0 < result.unusual <= 1
    assert answer.region == box
    assert (answer.indexed, answer.visible) == (12, 12)


def test_an_image_that_shows_two_works_finds_both_by_its_windows(works, tmp_path):
    wall = Image.new("RGB", (250, 100), "#d9d4c8")
    for left, name in ((2, "disc-a"), (152, "bars-b")):
        wall.paste(pictures.draw(name, (96, 96)), (left, 2))
    path = tmp_path / "wall.png"
    wall.save(path)
    query = FileQuery(path)
    fitted = vectors.fitted_to(index_of(PICTURE), PICTURE)
    rows = fitted.describe(query.descriptor(Serving())).numbers[:, -256:].astype(np.float64)
    assert len(rows) == 5
    distances = {
        name: (1 - rows @ each.numbers[0, -256:].astype(np.float64))
        for name, each in kept(PICTURE).items()
    }
    answer = lanes.get("regions").of_file(query, RankingOptions(limit=50))
    figures = [result.figure for result in answer.results]
    check_order(answer.results, figures, {name: each.min() for name, each in distances.items()})
    assert {result.artwork.title for result in answer.results[:2]} == {"disc-a", "bars-b"}
    assert answer.results[0].unusual == answer.scale.unusual(answer.results[0].figure)
    # The least of five distances is small more often.
    assert answer.scale.ordinary() < scales.scale_of(index_of(PICTURE), ((RMAC, 1.0),)).ordinary()
    # The other lanes compare the image as it is.
    content = lanes.get("content").of_file(query, RankingOptions(limit=50))
    assert content.scale.ordinary() == (
        scales.scale_of(index_of(PICTURE), ((CONTENT_LAYER, 1.0),)).ordinary()
    )


def test_a_detail_is_found_where_another_work_repeats_it(db):
    """One quarter of a picture is that of another."""
    original, other = draw(0), draw(1)
    width, height = original.size
    quarter = (width // 2, height // 2)
    collage = other.copy()
    collage.paste(original.crop((*quarter, width, height)), quarter)
    drawn = {"original": original, "other": other, "third": draw(2), "collage": collage}
    works = {title: same_pictures.upload(picture, title) for title, picture in drawn.items()}
    same_pictures.work()
    box = Box(0.5, 0.5, 0.5, 0.5)
    visible = Artwork.objects.all()
    options = RankingOptions(region=box)
    answer = lanes.get("regions").of_artwork(works["original"], options, visible, visible)
    first, second, _ = answer.results
    assert (first.artwork, first.region) == (works["collage"], box)
    assert first.figure < second.figure / 2


@pytest.mark.parametrize("asked", KINDS, indirect=True)
def test_copies_are_ranked_by_style_and_content(asked):
    check_copies(asked)
    check_copies(asked, layer_weights=UNEQUAL, style_weight=3.0, content_weight=0.25)


def check_copies(asked: Asked, **options: Any) -> None:
    style_weight, content_weight = (
        options.get(name, 0.5) for name in ("style_weight", "content_weight")
    )
    layer_weights = options.get("layer_weights", EQUAL)
    stored = {name: each.numbers[0] for name, each in kept(PICTURE).items()}
    query = asked.vector()
    parts = {name: clip(measure(query, stored[name])) for name in asked.others()}

    def combine(distances: dict[str, float]) -> float:
        style = weigh(distances, "artist_style", layer_weights)
        return style_weight * style + content_weight * distances[CONTENT_LAYER]

    answer = asked.answer("copies", **options)
    results = answer.results
    expected = {name: combine(each) for name, each in parts.items()}
    check_order(results, [result.distance for result in results], expected)
    rows = list(stored.values())
    pairs = [combine(measure(a, b)) for number, a in enumerate(rows) for b in rows[:number]]
    for result in results:
        own = parts[result.artwork.title]
        style = weigh(own, "artist_style", layer_weights)
        assert result.style_distance == pytest.approx(style, abs=NEAR)
        assert result.content_distance == pytest.approx(own[CONTENT_LAYER], abs=NEAR)
        layers = {layer: own[layer] for layer in STYLE_LAYERS}
        assert result.layer_distances == pytest.approx(layers, abs=NEAR)
        farther = sum(pair > result.distance for pair in pairs)
        assert result.closer_than == pytest.approx(100 * farther / 66, abs=101 / 66)
    assert (answer.preset, answer.certified) == ("copies", True)
    assert (answer.indexed, answer.visible) == (12, 12)


# Candidates


def titles(answer: Any) -> list[str]:
    return [result.artwork.title for result in answer.results]


def test_a_limit_cuts_the_order(asked):
    for way in WAYS:
        assert titles(asked.answer(way, limit=3)) == titles(asked.answer(way))[:3]


def test_works_by_the_same_artist_can_be_left_out(asked):
    for way in WAYS:
        everything = asked.answer(way).results
        answer = asked.answer(way, exclude_same_artist=True)
        others = [each.artwork.title for each in everything if each.artwork.artist != "Artist A"]
        assert titles(answer) == others
        assert len(others) == 8
        assert answer.visible == 12


@pytest.mark.parametrize("asked", ["artwork", "search"], indirect=True)
def test_filters_narrow_the_candidates_but_not_the_coverage(asked):
    for way in WAYS:
        everything = titles(asked.answer(way))
        answer = asked.answer(way, candidates=Artwork.objects.filter(collection="bars"))
        assert titles(answer) == [title for title in everything if title.startswith("bars")]
        assert [result.rank for result in answer.results] == [1, 2, 3]
        assert (answer.indexed, answer.visible) == (12, 12)


@pytest.mark.parametrize("asked", ["artwork", "search"], indirect=True)
def test_what_may_not_be_seen_is_neither_ranked_nor_counted(asked):
    for way in WAYS:
        everything = titles(asked.answer(way))
        hidden = everything[:2]
        answer = asked.answer(way, visible=Artwork.objects.exclude(title__in=hidden))
        assert titles(answer) == everything[2:]
        assert answer.results[0].rank == 1
        assert (answer.indexed, answer.visible) == (10, 10)


# What cannot be compared


def test_a_work_that_waits_says_so(works, make_artwork):
    waiting, failed = make_artwork(), make_artwork()
    IndexEntry.objects.create(artwork=failed, state="failed", error="The file is empty.")
    for way in WAYS:
        with pytest.raises(NotIndexed, match="waiting to be indexed") as caught:
            Asked("artwork", waiting, None).answer(way)
        assert caught.value.state == "pending"
        with pytest.raises(NotIndexed, match="The file is empty"):
            Asked("artwork", failed, None).answer(way)


def test_a_search_that_waits_or_failed_says_so(works, searched):
    search = searched("disc-a")
    for state, error, message in (
        ("pending", "", "waiting to be processed"),
        ("failed", "The file is empty.", "The file is empty"),
    ):
        search.state, search.error = state, error
        for way in WAYS:
            with pytest.raises(NotIndexed, match=message) as caught:
                Asked("search", search, None).answer(way)
            assert caught.value.state == state


@pytest.mark.parametrize("asked", KINDS, indirect=True)
def test_a_lane_without_vectors_is_being_prepared(asked):
    VectorIndex.objects.all().delete()
    for way in WAYS:
        with pytest.raises(NotPrepared, match="being prepared") as caught:
            asked.answer(way)
        assert caught.value.state == "stale"
