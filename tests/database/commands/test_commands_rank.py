"""The commands ``stylesim_rank``, ``stylesim_status`` and ``stylesim_calibrate``."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command, load_command_class
from django.utils import timezone

from stylesim_app import files
from stylesim_app.core.distances import PRESETS
from stylesim_app.core.errors import WeightingError
from stylesim_app.index import sets, upkeep
from stylesim_app.index.serving import Serving
from stylesim_app.management.output import ranking_lines, table_lines
from stylesim_app.models import (
    Calibration,
    DescriptorSet,
    ImageSearch,
    IndexEntry,
    StoredDescriptor,
    WorkerSign,
    WorkItem,
)
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
from stylesim_app.work import signs
from tests import pictures
from tests.unit.same_picture import drawn

State = WorkItem.State
pytestmark = pytest.mark.django_db


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "disc-a.png"
    path.write_bytes(pictures.png("disc-a"))
    return path


def rank_json(image: Path, capsys: Any, *options: str) -> dict[str, Any]:
    call_command("stylesim_rank", str(image), "--json", *options)
    return json.loads(capsys.readouterr().out)


def test_the_work_itself_comes_first_at_distance_zero_and_ten_are_shown(collection, image, capsys):
    call_command("stylesim_rank", str(image))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == (
        ["rank", "distance", "style", "content", "closer", "than", "title", "artist"]
    )
    assert len(lines) == 11
    # What is stored is rounded, so that the content distance is only nearly zero.
    assert lines[1].split()[:3] == ["1", "0.0000", "0.0000"]
    assert lines[1].split()[4:] == ["100.0%", "disc-a", "Artist", "A"]
    distances = [float(line.split()[1]) for line in lines[1:]]
    assert distances == sorted(distances)
    assert len({line.index("Artist") for line in lines[1:]}) == 1


def test_json_has_the_shape_of_the_api_and_the_figures_of_the_service(
    collection, image, capsys, admin_client
):
    answer = rank_json(image, capsys, "--limit", "12")
    from_api = admin_client.get(f"/api/artworks/{collection['disc-a'].pk}/similar/").json()
    assert answer.keys() == from_api.keys()
    assert answer["provenance"] == from_api["provenance"]
    assert (answer["query"], answer["preset"]) == ("disc-a.png", "paper")
    assert answer["coverage"] == {"indexed": 12, "visible": 12}
    first, second, *rest = answer["results"]
    nearest = from_api["results"][0]
    assert second.keys() == nearest.keys()
    assert second["artwork"].keys() == nearest["artwork"].keys()
    assert nearest["artwork"]["url"] == f"http://testserver{second['artwork']['url']}"
    assert second["artwork"]["thumbnails"].keys() == nearest["artwork"]["thumbnails"].keys()
    assert first["artwork"]["id"] == collection["disc-a"].pk
    assert first["artwork"]["title"] == "disc-a"
    works = type(collection["disc-a"]).objects.all()
    expected = find_similar(collection["disc-a"], RankingOptions(limit=12), works, works)
    assert [result["artwork"]["id"] for result in (second, *rest)] == [
        result.artwork.pk for result in expected.results
    ]
    assert second["distance"] == pytest.approx(expected.results[0].distance, rel=1e-3)


def test_only_all_pairs_are_a_hundred_percent(collection):
    works = type(collection["disc-a"]).objects.all()
    answer = find_similar(collection["disc-a"], RankingOptions(limit=1), works, works)
    [result] = answer.results
    nearly = replace(answer, results=[replace(result, closer_than=99.97)])
    assert " 99.9% " in list(ranking_lines(nearly))[1]


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_be_asked_for(collection, image, capsys, preset):
    answer = rank_json(image, capsys, "--preset", preset)
    assert answer["preset"] == preset
    assert answer["results"][0]["artwork"]["title"] == "disc-a"


def test_weights_of_ones_own(collection, image, capsys):
    options = ["--style-weight", "0.5", "--content-weight", "0", "--layer-weights", "1,0,0,0,0"]
    answer = rank_json(image, capsys, *options)
    assert (answer["preset"], answer["style_weight"], answer["content_weight"]) == (
        "custom",
        0.5,
        0,
    )
    result = answer["results"][3]
    assert result["distance"] == pytest.approx(0.5 * result["layer_distances"]["relu1_1"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--limit", "100000"], "--limit: Enter at most 100."),
        (["--limit", "0"], "--limit: Ensure this value is greater than or equal to 1."),
        (["--limit", "many"], "--limit: Enter a whole number."),
        (["--preset", "nice"], "--preset: Unknown preset “nice”. Choose one of paper"),
        (["--preset", "nice"], "style, content, balanced, copies."),
        (["--style-weight", "much"], "--style-weight: Enter a number."),
        (["--style-weight=-1"], "style_weight must not be negative"),
        (["--content-weight", "nan"], "--content-weight: Enter a number."),
        (["--style-weight", "0", "--content-weight", "0"], "must not both be zero"),
        (["--layer-weights", "1,2"], "Enter 5 layer weights, not 2"),
        (["--layer-weights", "a,b,c,d,e"], "--layer-weights: Enter 5 numbers"),
        (["--layer-weights", "0,0,0,0,0"], "At least one layer weight must be above zero"),
    ],
)
def test_what_cannot_be_ranked_by_is_refused_in_words(image, options, message):
    with pytest.raises(CommandError) as caught:
        call_command("stylesim_rank", str(image), *options)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The file is empty."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "The file is not an image in one of"),
        (pictures.png()[:300], "a part of the file is missing"),
        (b"\0" * 2_000_000, "The file is too large: 2.0 MB. The limit is 1 MB."),
    ],
)
def test_a_file_that_is_no_image_is_refused_in_words(tmp_path, settings, content, message):
    settings.STYLESIM_MAX_UPLOAD_MB = 1
    path = tmp_path / "image.png"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        call_command("stylesim_rank", str(path))


def test_a_missing_image_and_a_folder_are_refused_in_words(tmp_path):
    with pytest.raises(CommandError, match=r"missing\.png: No such file or directory"):
        call_command("stylesim_rank", str(tmp_path / "missing.png"))
    with pytest.raises(CommandError, match="Is a directory"):
        call_command("stylesim_rank", str(tmp_path))


def test_before_anything_is_indexed_it_says_so(image, capsys):
    call_command("stylesim_rank", str(image))
    assert (
        capsys.readouterr().out
        == "No works are indexed yet. Check progress with stylesim_status.\n"
    )


def test_works_of_another_network_are_not_compared(collection, image):
    DescriptorSet.objects.update(digest="0" * 64)
    with pytest.raises(CommandError, match="indexed with a different network"):
        call_command("stylesim_rank", str(image))


def test_a_table_is_aligned_for_wide_and_long_titles():
    lines = list(
        table_lines(("n", "title", "artist"), [("1", "溪山行旅圖", "范寬"), ("22", "é", "x")], 1)
    )
    assert lines == [" n  title       artist", " 1  溪山行旅圖  范寬", "22  é           x"]
    [_, long] = table_lines(("title",), [("word\n" * 40,)])
    assert len(long) == 48
    assert long.endswith("…")


# stylesim_status


def status(capsys: Any, *options: str) -> str:
    call_command("stylesim_status", *options)
    return str(capsys.readouterr().out)


def test_an_empty_collection_is_told_to_import(capsys):
    printed = status(capsys)
    assert re.search(r"network +none yet", printed)
    assert re.search(r"worker last seen +never", printed)
    assert "stylesim_import PATH" in printed
    status(capsys, "--check")


def test_a_complete_index_needs_no_advice(collection, capsys):
    signs.sign_of_life()
    printed = status(capsys)
    lines = dict(line.split(None, 1) for line in printed.splitlines())
    assert lines["works"] == lines["indexed"] == "12"
    assert lines["network"].startswith("vgg19 paintings, float32, 31b68304ef68")
    assert lines["calibration"] == "on 12 works"
    assert re.search(r"worker last seen +\d+ minutes? ago \(", printed)
    assert "stylesim_" not in printed


def test_what_is_wrong_is_listed_with_what_to_do(collection, capsys):
    set_state = IndexEntry.objects.filter
    set_state(artwork=collection["disc-a"]).update(state=State.FAILED, error="The disk was full.")
    set_state(artwork=collection["bars-a"]).update(state=State.STALE)
    set_state(artwork=collection["cross-a"]).update(state=State.PENDING)
    Calibration.objects.all().delete()
    printed = status(capsys)
    assert "disc-a: The disk was full." in printed
    for advice in ("qcluster", "--failed", "--stale", "stylesim_calibrate"):
        assert advice in printed


def test_json_tells_the_same(collection, capsys):
    signs.sign_of_life()
    answer = json.loads(status(capsys, "--json"))
    assert answer.keys() == {
        *(
            "visible",
            "indexed",
            "states",
            "trashed",
            "provenance",
            "calibrated_on",
            "lists_missing",
            "worker",
        ),
        *("paused", "storage"),
    }
    assert answer["states"] == {"pending": 0, "indexed": 12, "failed": 0, "stale": 0}
    assert answer["provenance"]["network"] == "vgg19"
    assert answer["worker"]["alive"] is True


def test_check_fails_only_if_works_wait_and_no_worker_is_alive(collection, capsys):
    entry = IndexEntry.objects.filter(artwork=collection["disc-a"])
    entry.update(state=State.FAILED)
    status(capsys, "--check")
    entry.update(state=State.PENDING)
    with pytest.raises(CommandError, match="Works are waiting, but no worker is running") as caught:
        status(capsys, "--check")
    assert caught.value.returncode == 1
    signs.sign_of_life()
    status(capsys, "--check")
    WorkerSign.objects.update(seen_at=timezone.now() - timedelta(minutes=10))
    with pytest.raises(CommandError, match="no worker is running"):
        status(capsys, "--check", "--json")


# stylesim_calibrate


def test_calibrating_replaces_the_calibration_and_balanced_follows(collection, capsys):
    Calibration.objects.all().delete()
    with pytest.raises(WeightingError):
        RankingOptions(preset="balanced").weighting(Serving())
    call_command("stylesim_calibrate")
    assert capsys.readouterr().out == "Calibrated on 12 of 12 indexed works.\n"
    assert Calibration.objects.get().collection_size == 12
    assert RankingOptions(preset="balanced").weighting(Serving()).content_weight > 0


def test_too_few_works_are_not_calibrated(db):
    with pytest.raises(CommandError, match="needs at least 4 indexed works; there are 0"):
        call_command("stylesim_calibrate")


def test_works_without_descriptors_do_not_count(collection):
    kept = [collection[name].pk for name in ("disc-a", "bars-a", "cross-a")]
    StoredDescriptor.objects.exclude(entry__artwork__in=kept).delete()
    with pytest.raises(CommandError, match="needs at least 4 indexed works; there are 3"):
        call_command("stylesim_calibrate")


def test_the_status_can_be_asked_for_when_a_setting_is_wrong(collection, settings, capsys):
    settings.STYLESIM_WEIGHTS = "nonsense"
    options = {"no_color": True, "force_color": False, "skip_checks": False}
    load_command_class("stylesim_app", "stylesim_status").execute(
        check=False, json=False, **options
    )
    assert "12" in capsys.readouterr().out


# Lanes, and several images


def test_several_images_are_ranked_one_a_line(collection, image, tmp_path, capsys):
    other = tmp_path / "bars-a.png"
    other.write_bytes(pictures.png("bars-a"))
    call_command("stylesim_rank", str(image), str(other), "--json", "--limit", "1")
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["query"] for answer in answers] == ["disc-a.png", "bars-a.png"]
    assert {answer["lane"] for answer in answers} == {"measure"}


def test_an_image_that_cannot_be_read_keeps_no_other_from_its_answer(collection, image, capsys):
    missing = image.parent / "missing.png"
    with pytest.raises(CommandError, match="1 of 2 images could not be ranked") as caught:
        call_command("stylesim_rank", str(missing), str(image))
    assert caught.value.returncode == 1
    printed = capsys.readouterr()
    assert "missing.png" in printed.err
    assert "disc-a.png:" in printed.out


def test_the_same_picture_is_found_by_command(matched_works, tmp_path, capsys):
    (original, *_), copy = matched_works
    path = tmp_path / "query.png"
    drawn.draw(0).rotate(180).save(path)
    call_command("stylesim_rank", str(path), "--lane", "same_picture")
    lines = capsys.readouterr().out.splitlines()
    assert f"{original.title}" in lines[1]
    assert "turned upside down" in lines[1]
    assert copy.title in lines[2]
    assert lines[-1] == "7 of 7 works were compared."
    call_command("stylesim_rank", str(path), "--lane", "same_picture", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert (answer["query"], answer["lane"]) == ("query.png", "same_picture")
    assert [result["artwork"]["id"] for result in answer["results"]] == [original.pk, copy.pk]


def test_each_lane_ranks_a_file_as_the_api_ranks_an_equal_image(
    collection, described, image, capsys, client
):
    upkeep.maintain(60, idle=True)
    search = ImageSearch.objects.create(
        state=State.INDEXED,
        descriptor_name=files.write("searches", "safetensors", described["disc-a"].to_bytes()),
        descriptor_set=sets.serving_set(),
    )

    def ranked(answer: dict[str, Any], figure: str) -> list[tuple[Any, ...]]:
        results = answer["results"]
        return [(each["artwork"]["id"], each[figure], each.get("region")) for each in results]

    for query, figure in (
        ({"lane": "measure"}, "distance"),
        ({"lane": "measure", "preset": "copies"}, "distance"),
        ({"lane": "artist_style", "layer_weights": "1,0,0,0.5,2"}, "figure"),
        ({"lane": "content"}, "figure"),
        ({"lane": "regions"}, "figure"),
        ({"lane": "regions", "region": "0.25,0,0.5,0.5"}, "figure"),
    ):
        options = {f"--{name.replace('_', '-')}": value for name, value in query.items()}
        answer = rank_json(image, capsys, *(text for option in options.items() for text in option))
        expected = client.get(f"/api/search/{search.pk}/", query).json()
        assert answer.keys() == expected.keys() - {"state"}
        assert (answer["query"], answer["lane"]) == ("disc-a.png", query["lane"])
        assert answer["coverage"] == expected["coverage"]
        for own, other in zip(ranked(answer, figure), ranked(expected, figure), strict=True):
            assert (own[0], own[2]) == (other[0], other[2])
            assert own[1] == pytest.approx(other[1], rel=1e-6, abs=1e-6)
