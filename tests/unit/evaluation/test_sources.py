"""Folders, tables and lists of pairs are read as their owners label them."""

from __future__ import annotations

from pathlib import Path

import pytest

from stylesim_app.evaluation import sources
from stylesim_app.evaluation.sources import read_source
from stylesim_app.exceptions import EvaluationFailed


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def test_a_manifest_labels_the_pictures_that_it_lists(tmp_path):
    folder = touch(tmp_path / "works", "a.jpg", "b.jpg", "unlisted.jpg")
    (folder / "manifest.csv").write_text(
        "\ufeffFile;Artist;Movement;Notes\na.jpg;Ann;Cubism;x\nb.jpg;Bob;Cubism;\n"
    )
    source = read_source(str(folder))
    assert source.name == "works"
    assert [each.name for each in source.works] == ["works/a.jpg", "works/b.jpg"]
    assert dict(source.works[0].labels) == {"artist": "Ann", "movement": "Cubism"}
    # All works are of one movement.
    assert source.labels == ["artist"]
    assert read_source(str(folder), ["Notes"]).labels == []
    with pytest.raises(EvaluationFailed, match="no column “school”"):
        read_source(str(folder), ["school"])


def test_subfolders_label_pictures_without_a_table(tmp_path):
    folder = touch(tmp_path / "works", "monet/a.jpg", "monet/x/b.jpg", "manet/c.png", "notes.txt")
    source = read_source(str(folder))
    assert source.labels == ["subfolder"]
    assert {each.name: each.labels["subfolder"] for each in source.works} == {
        "works/monet/a.jpg": "monet",
        "works/monet/x/b.jpg": "monet",
        "works/manet/c.png": "manet",
    }
    assert read_source(str(touch(tmp_path / "flat", "a.jpg", "b.jpg"))).labels == []


def test_pairs_name_several_references_or_none(tmp_path):
    folder = touch(tmp_path / "set", "q1.jpg")
    (folder / "pairs.csv").write_text(
        "query,reference,kind,remark\nq1.jpg,a.jpg|b/b.jpg,crop,x\nq2.jpg,NONE,,\nq3.jpg,,,\n"
    )
    source = read_source(str(folder / "pairs.csv"))
    assert source.name == "pairs"
    assert [each.name for each in source.works] == ["set/a.jpg", "set/b/b.jpg"]
    first, second, third = source.pairs
    assert first.right == (folder / "a.jpg", folder / "b" / "b.jpg")
    assert (first.kind, second.kind) == ("crop", "pair")
    assert second.right == third.right == ()


def test_a_table_of_roles_is_a_list_of_pairs(tmp_path):
    folder = touch(tmp_path / "set", "r.jpg")
    (folder / "manifest.csv").write_text(
        "file,role,reference,query_view,artist\n"
        "r.jpg,reference,,,Ann\nq.jpg,query,r.jpg|other.jpg,frame,\np.jpg,query,NONE,crop,\n"
    )
    source = read_source(str(folder))
    assert [each.name for each in source.works] == ["set/r.jpg", "set/other.jpg"]
    assert [(each.kind, each.right) for each in source.pairs] == [
        ("frame", (folder / "r.jpg", folder / "other.jpg")),
        ("crop", ()),
    ]
    assert source.labels == ()


def test_a_name_is_that_of_a_registered_source(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "_named", {})
    folder = touch(tmp_path / "drawn", "a.jpg")
    sources.register("sample", lambda: folder)
    assert read_source("sample").name == "drawn"


def test_names_in_reports_show_no_folder_above_the_source(tmp_path):
    table = touch(tmp_path / "set") or tmp_path / "set"
    table.mkdir()
    (table / "pairs.csv").write_text("query,reference\n../private/q.jpg,r.jpg\n")
    [pair] = read_source(str(table / "pairs.csv")).pairs
    assert pair.query.name == "set/q.jpg"
    assert pair.query.path == tmp_path / "private" / "q.jpg"


def test_what_is_no_source_is_refused(tmp_path):
    with pytest.raises(EvaluationFailed, match="not found"):
        read_source(str(tmp_path / "missing"))
    with pytest.raises(EvaluationFailed, match="No pictures found"):
        read_source(str(tmp_path))
    (tmp_path / "table.csv").write_text("picture,artist\na.jpg,Ann\n")
    with pytest.raises(EvaluationFailed, match="no column “file”"):
        read_source(str(tmp_path / "table.csv"))
