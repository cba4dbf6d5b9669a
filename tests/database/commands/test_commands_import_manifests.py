"""The command ``stylesim_import`` with manifests: their columns, values and paths."""

from __future__ import annotations

import pytest
from django.core.management import CommandError

from stylesim_app.models import Artwork

from .import_sources import run, write_manifest, write_pictures

pytestmark = pytest.mark.django_db


def test_a_manifest_fills_the_fields_it_names_and_extra_takes_the_rest(folder):
    write_pictures(folder / "images", "disc-a", "bars-a")
    path = write_manifest(
        folder,
        ["File", "title", "artist", "Year", "Accession Number", "is_public", "movement", ""],
        ["images/disc-a.png", "Disc", "Käthe", "c. 1889–90", "A 1", "Yes", "Impressionism", "x"],
        ["images/bars-a.png", "", "", "", "", "no", "", ""],
        encoding="utf-8-sig",
        delimiter=";",
    )
    run(path)
    disc = Artwork.objects.get(title="Disc")
    assert (disc.artist, disc.year, disc.year_number) == ("Käthe", "c. 1889–90", 1889)
    assert (disc.accession_number, disc.is_public) == ("A 1", True)
    assert disc.extra == {"movement": "Impressionism"}
    bars = Artwork.objects.get(title="bars-a")
    assert (bars.artist, bars.is_public, bars.extra) == ("", False, {})


@pytest.mark.parametrize(
    ("option", "expected"), [("--public", {True}), ("--private", {False}), (None, {False})]
)
def test_public_and_private_are_for_works_of_which_the_manifest_does_not_say(
    folder, option, expected
):
    write_pictures(folder, "disc-a", "bars-a", "cross-a")
    path = write_manifest(
        folder,
        ["file", "is_public"],
        ["disc-a.png", ""],
        ["bars-a.png", "TRUE"],
        ["cross-a.png", "0"],
    )
    run(path, *([option] if option else []))
    public = dict(Artwork.objects.values_list("title", "is_public"))
    assert {public["disc-a"]} == expected
    assert public["bars-a"] is True
    assert public["cross-a"] is False


def test_map_says_which_column_fills_what(folder):
    write_pictures(folder, "disc-a")
    path = write_manifest(
        folder, ["Bild", "Maler", "artist"], ["disc-a.png", "Münter", "not the painter"]
    )
    run(path, "--map", "Bild=file", "--map", "Maler=artist")
    artwork = Artwork.objects.get()
    assert artwork.artist == "Münter"
    assert artwork.extra == {"artist": "not the painter"}


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("artist", "Write a mapping as COLUMN=FIELD, not 'artist'"),
        ("=artist", "Write a mapping as COLUMN=FIELD"),
        ("Maler=", "Write a mapping as COLUMN=FIELD"),
        ("painter=artist", "no column 'painter'; its columns are: file, Maler, Bild"),
        (
            "Maler=painter",
            "There is no field 'painter' to import into. Available fields: file, title, artist",
        ),
        ("Maler=image", "There is no field 'image' to import into"),
        ("Bild=file", None),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_before_anything_is_added(folder, mapping, message):
    write_pictures(folder, "disc-a")
    path = write_manifest(folder, ["file", "Maler", "Bild"], ["disc-a.png", "x", "disc-a.png"])
    if message is None:
        run(path, "--map", mapping)
        assert Artwork.objects.get().extra == {"file": "disc-a.png", "Maler": "x"}
        return
    with pytest.raises(CommandError, match=message):
        run(path, "--map", mapping)
    assert not Artwork.objects.exists()


def test_two_columns_cannot_fill_one_field(folder):
    path = write_manifest(folder, ["file", "a", "b"], ["x.png", "1", "2"])
    with pytest.raises(CommandError, match="More than one column is used for 'artist'"):
        run(path, "--map", "a=artist", "--map", "b=artist")
    path = write_manifest(folder, ["file", "note", "note"], ["x.png", "1", "2"])
    with pytest.raises(CommandError, match="More than one column is used for 'note'"):
        run(path)


def test_root_says_where_the_files_of_a_manifest_lie(folder):
    write_pictures(folder / "scans", "disc-a")
    path = write_manifest(folder / "lists", ["file"], ["disc-a.png"])
    run(path, "--root", str(folder / "scans"))
    assert Artwork.objects.get().title == "disc-a"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column .file.; its columns are: none"),
        (b"name,title\nx.png,X\n", "has no column .file.; its columns are: name, title"),
        (b"file,title\n\n", "lists no files"),
        ("file,title\nx.png,Příbram Łódź\n".encode("cp1250"), "encoding of .* is unclear"),
        (b"\x89PNG\r\n\x1a\n", "is not a table of text"),
        (b'file\n"' + b"x" * 200_000 + b'"\n', "1 of 1 could not be imported"),
    ],
)
def test_a_manifest_that_is_none_adds_nothing(folder, content, message):
    path = folder / "manifest.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=message):
        run(path)
