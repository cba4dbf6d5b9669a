from __future__ import annotations

import shutil

import numpy as np
import pytest

from stylesim_app.core.images import Limits, load_pixels
from tests import pictures
from training.pictures import UNKNOWN, ManifestError, Pictures, load_pictures, prepare


def test_pixels_are_those_that_the_app_describes(folder, prepared):
    content = (folder / "disc-b.png").read_bytes()
    expected, _ = load_pixels(content, Limits(max_bytes=10**9, max_pixels=10**9))
    assert (prepared.pixels[pictures.NAMES.index("disc-b")] == expected).all()
    assert (load_pictures([folder / "disc-b.png"])[0] == expected).all()


def test_labels_are_indexes_into_their_names(prepared):
    assert prepared.names == {
        "artist": ["a", "b", "c"],
        "movement": ["bars", "corner", "cross", "disc"],
    }
    assert prepared.labels["artist"].tolist() == [0, 1, 2] * 4


def test_a_picture_may_lack_a_label_and_one_that_cannot_be_read_is_left_out(folder, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "disc-a.png").write_bytes(b"no picture")
    manifest = (copy / "manifest.csv").read_text().replace("bars-c.png,c,bars", "bars-c.png,,bars")
    (copy / "manifest.csv").write_text(manifest)
    [failure] = prepare(copy, ["artist"], tmp_path / "out")
    assert failure.startswith("disc-a.png: ")
    prepared = Pictures.open(tmp_path / "out")
    assert len(prepared) == 11
    assert prepared.labels["artist"].tolist() == [1, 2, 0, 1, UNKNOWN, *[0, 1, 2] * 2]
    expected = load_pictures([folder / "disc-b.png"])[0]
    assert (prepared.pixels[0] == expected).all()


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "manifest.csv cannot be read"),
        ("file,author\nx.png,a\n", "has no column artist, movement"),
        ("file,artist,movement\n", "lists no pictures"),
        ("file,artist,movement\nx.png,a,b\n", "None of 1 pictures can be read; x.png: "),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused(manifest, message, tmp_path):
    if manifest is not None:
        (tmp_path / "manifest.csv").write_text(manifest)
    with pytest.raises(ManifestError, match=message):
        prepare(tmp_path, ["artist", "movement"], tmp_path / "out")


def test_what_is_not_prepared_is_said(tmp_path):
    with pytest.raises(ManifestError, match="run `prepare`"):
        Pictures.open(tmp_path)


def test_an_array_of_pictures_needs_all_of_them(folder):
    with pytest.raises(ManifestError, match=r"lost\.png cannot be read"):
        load_pictures([folder / "disc-a.png", folder / "lost.png"])


def test_the_array_of_an_interrupted_preparation_is_not_taken_for_whole(folder, tmp_path):
    (tmp_path / "partial.npy").write_bytes(b"half")
    with pytest.raises(ManifestError):
        Pictures.open(tmp_path)
    prepare(folder, ["artist"], tmp_path)
    assert np.asarray(Pictures.open(tmp_path).pixels).shape == (12, 224, 224, 3)
