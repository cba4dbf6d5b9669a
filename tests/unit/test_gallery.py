"""The sample gallery: repeatable, complete, varied, and safe to interrupt."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from project.demo import gallery


@pytest.fixture
def small_gallery(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two subjects in two manners, so that a whole gallery is drawn in a moment."""
    few = {"SUBJECTS": ("harbour", "pyramids"), "MANNERS": ("pointillism", "poster")}
    for name, kept in few.items():
        entries = getattr(gallery, name)
        monkeypatch.setattr(gallery, name, {key: entries[key] for key in kept})


def thumbnail(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.resize((32, 32)), dtype=np.float64)


def closest(pictures: Iterable[Image.Image]) -> float:
    """The smallest mean difference, in levels of 255, between any two of the pictures."""
    small = [thumbnail(picture) for picture in pictures]
    return min(float(np.abs(a - b).mean()) for a, b in itertools.combinations(small, 2))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(KeyError, match="gouache"):
        gallery.paint("lake", "gouache")
    with pytest.raises(KeyError, match="volcano"):
        gallery.paint("volcano", "impasto")


def test_the_gallery_is_large_enough_to_rank() -> None:
    assert len(gallery.SUBJECTS) >= 8
    assert len(gallery.MANNERS) >= 10
    assert len(gallery.SUBJECTS) * len(gallery.MANNERS) >= 96


def test_titles_artists_and_years_are_distinct() -> None:
    for values in (
        [subject.title for subject in gallery.SUBJECTS.values()],
        [manner.title for manner in gallery.MANNERS.values()],
        [manner.artist for manner in gallery.MANNERS.values()],
        [manner.year for manner in gallery.MANNERS.values()],
    ):
        assert len(set(values)) == len(values)


@pytest.fixture(scope="module")
def pyramids() -> dict[str, Image.Image]:
    return {manner: gallery.paint("pyramids", manner) for manner in gallery.MANNERS}


@pytest.mark.release
@pytest.mark.parametrize("manner", ["impasto", "ink-wash", "mosaic"])
def test_a_picture_is_the_same_on_every_run(pyramids: dict[str, Image.Image], manner: str) -> None:
    gallery._scene.cache_clear()

    again = gallery.paint("pyramids", manner)
    assert np.array_equal(np.asarray(again), np.asarray(pyramids[manner]))


@pytest.mark.release
def test_every_manner_paints_the_whole_scene(pyramids: dict[str, Image.Image]) -> None:
    scene = gallery._scene("pyramids")
    for manner, picture in pyramids.items():
        assert (picture.mode, picture.size) == ("RGB", scene.size), manner
        assert np.asarray(picture).std() > 20, f"{manner} is all but blank"


@pytest.mark.release
def test_every_manner_differs(pyramids: dict[str, Image.Image]) -> None:
    assert closest(pyramids.values()) > 6


@pytest.mark.release
def test_every_subject_differs() -> None:
    scenes = (gallery._scene(subject).colour for subject in gallery.SUBJECTS)
    assert closest(Image.fromarray((colour * 255).astype(np.uint8)) for colour in scenes) > 6


@pytest.mark.parametrize("subject", gallery.SUBJECTS)
def test_scenes_are_of_a_printable_size(subject: str) -> None:
    scene = gallery._scene(subject)

    assert max(scene.size) <= 640
    assert min(scene.size) >= 400
    assert scene.title == gallery.SUBJECTS[subject].title
    assert scene.colour.shape == (*scene.parts.shape, 3)
    assert 0.0 <= scene.colour.min() < scene.colour.max() <= 1.0


@pytest.mark.usefixtures("small_gallery")
def test_the_manifest_lists_every_picture(tmp_path: Path) -> None:
    manifest = gallery.write_gallery(tmp_path / "gallery")

    with manifest.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert manifest == tmp_path / "gallery" / "manifest.csv"
    assert tuple(rows[0]) == gallery.COLUMNS
    assert {(row["subject"], row["manner"]) for row in rows} == set(
        itertools.product(gallery.SUBJECTS, gallery.MANNERS)
    )
    for row in rows:
        manner = gallery.MANNERS[row["manner"]]
        assert row["file"] == f"{row['subject']}-{row['manner']}.jpg"
        assert row["title"] == gallery.SUBJECTS[row["subject"]].title
        assert (row["artist"], row["year"]) == (manner.artist, str(manner.year))
        assert (row["medium"], row["collection"]) == (manner.medium, "Sample gallery")
        with Image.open(manifest.parent / row["file"]) as picture:
            assert (picture.format, picture.mode) == ("JPEG", "RGB")
    assert len(list(manifest.parent.iterdir())) == len(rows) + 1
    # The workers are other processes: what they draw must not hang on anything of this one.
    here = BytesIO()
    gallery.paint("harbour", "pointillism").save(here, format="JPEG", quality=gallery.QUALITY)
    drawn = manifest.parent / gallery.file_name("harbour", "pointillism")
    assert drawn.read_bytes() == here.getvalue()


@pytest.mark.usefixtures("small_gallery")
def test_an_interrupted_run_resumes(tmp_path: Path) -> None:
    def interrupted(names: Iterable[str]) -> Iterator[str]:
        yield from itertools.islice(names, 1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gallery.write_gallery(tmp_path, progress=interrupted)
    assert not (tmp_path / "manifest.csv").exists()
    for path in tmp_path.glob("*.jpg"):
        with Image.open(path) as picture:
            picture.load()

    kept = tmp_path / "harbour-pointillism.jpg"
    kept.write_bytes(b"already here")
    seen: list[str] = []

    def recorded(names: Iterable[str]) -> Iterator[str]:
        for name in names:
            seen.append(name)
            yield name

    gallery.write_gallery(tmp_path, progress=recorded)
    assert kept.read_bytes() == b"already here"
    assert kept.name not in seen
    assert len(list(tmp_path.glob("*.jpg"))) == 4
    assert not list(tmp_path.glob("*.part"))
