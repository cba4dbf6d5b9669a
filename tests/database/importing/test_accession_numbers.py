"""Accession numbers in tables: the columns that give them, and numbers that several works have."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from stylesim_app.models import Artwork
from tests import pictures

pytestmark = pytest.mark.django_db


@pytest.fixture
def write(tmp_path):
    for name in ("disc-a", "disc-b", "bars-a"):
        (tmp_path / f"{name}.png").write_bytes(pictures.png(name))

    def write_table(text):
        path = tmp_path / "works.csv"
        path.write_text(text)
        return str(path)

    return write_table


@pytest.mark.parametrize(
    "column", ["accession number", "Accession No.", "INV.-NR.", "Inventory number", "藏品编号"]
)
def test_a_column_is_taken_for_the_accession_number(write, column):
    call_command("stylesim_import", write(f"file,{column}\ndisc-a.png,A 412\n"))
    artwork = Artwork.objects.get()
    assert (artwork.accession_number, artwork.extra) == ("A 412", {})


def test_a_column_of_that_very_name_comes_first(write):
    table = "file,object number,accession number\ndisc-a.png,7,A 412\n"
    call_command("stylesim_import", write(table))
    artwork = Artwork.objects.get()
    assert (artwork.accession_number, artwork.extra) == ("A 412", {"object number": "7"})


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_number_that_another_work_has_is_reported(write, make_artwork, tmp_path, capsys, options):
    other = make_artwork("cross-a", accession_number="A 1")
    table = write("file,accession number\ndisc-a.png,a  1\ndisc-b.png,B 2\nbars-a.png,b 2\n")
    report = tmp_path / "report.json"
    call_command("stylesim_import", table, "--report", str(report), *options)
    printed = capsys.readouterr().out
    would = "would be added: " if options else ""
    assert f"disc-a.png: {would}Artwork {other.pk} has the same accession number, a  1." in printed
    assert f"{would}row 3, disc-b.png has the same accession number, b 2." in printed
    reasons = {row["file"]: (row["state"], row["reason"]) for row in json.loads(report.read_text())}
    assert reasons["disc-b.png"] == ("added", "")
    assert reasons["bars-a.png"][0] == "added"
    assert Artwork.objects.count() == (1 if options else 4)


def test_an_update_to_a_number_that_another_work_has_is_reported(write, make_artwork, capsys):
    call_command("stylesim_import", write("file,accession number\ndisc-a.png,A 1\n"))
    call_command("stylesim_import", write("file,accession number\ndisc-a.png,A 1\n"), "--update")
    assert "same accession number" not in capsys.readouterr().out
    make_artwork("cross-a", accession_number="B 2")
    call_command("stylesim_import", write("file,accession number\ndisc-a.png,B 2\n"), "--update")
    assert "same accession number, B 2." in capsys.readouterr().out
