"""Rows and cells of delimited text, and what stray quotation marks cost."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylesim_app.importing.sources.quoting import MAX_LINES, join_lines, split


def read(text: str, delimiter: str = ",", columns: int = 2) -> list[tuple[list[str], bool]]:
    def is_row(cells: list[str], _swallowing: list[str]) -> bool:
        return len(cells) == columns and any(cell.endswith(".jpg") for cell in cells)

    records = join_lines(
        iter(text.splitlines()), delimiter, lambda cells: len(cells) == columns, is_row
    )
    return [(record.cells, record.is_closed) for record in records]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("a,b", ["a", "b"]),
        ('"a,b",c', ["a,b", "c"]),
        ('"say ""yes""",c', ['say "yes"', "c"]),
        ('a, "b, c" ,d', ["a", "b, c", "d"]),
        ('12" x 10",c', ['12" x 10"', "c"]),
        ('"Untitled" (detail),c', ['"Untitled" (detail)', "c"]),
        ('"",', ["", ""]),
        ('a,""', ["a", ""]),
    ],
)
def test_cells_of_a_line(line, cells):
    assert split(line, ",")[0] == cells


def test_a_quoted_cell_may_have_several_lines():
    text = 'file,note\na.jpg,"first\n\nthird, ""quoted"""\nb.jpg,x'
    assert read(text) == [
        (["file", "note"], True),
        (["a.jpg", 'first\n\nthird, "quoted"'], True),
        (["b.jpg", "x"], True),
    ]


@pytest.mark.parametrize(
    "stray",
    [
        '"Untitled',
        # The mark of a later row closes it, so that the rows between look like one cell.
        '"Untitled\nc.jpg,c\nd.jpg,12"',
        '"Untitled\nc.jpg,"Another',
        '"Untitled\nc.jpg,"Another"',
    ],
)
def test_a_stray_quotation_mark_costs_its_own_row_alone(stray):
    following = stray.count("\n")
    records = read(f"file,title\na.jpg,a\nb.jpg,{stray}\nz.jpg,z")
    assert records[1] == (["a.jpg", "a"], True)
    assert records[2][0][0] == "b.jpg"
    assert not records[2][1]
    assert len(records) == 4 + following
    assert records[-1] == (["z.jpg", "z"], True)


def test_a_cell_longer_than_the_limit_is_a_stray_mark():
    text = 'file,title\na.jpg,"' + "\n" * (MAX_LINES + 1) + '"\nb.jpg,b'
    records = read(text)
    assert records[1] == (["a.jpg", '"'], False)
    assert records[-1] == (["b.jpg", "b"], True)


CELLS = st.text(st.characters(exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1), st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read_as_it_was(rows, delimiter):
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    lines = written.getvalue().removesuffix("\r\n").split("\r\n")
    assert [tuple(split(line, delimiter)[0]) for line in lines] == rows
