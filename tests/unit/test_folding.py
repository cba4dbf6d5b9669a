"""Folding of letters, and the natural order."""

import doctest

import pytest

from stylesim_app.collection import folding, numerals
from stylesim_app.collection.folding import KEY_LENGTH, fold, natural_key


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Étude", "etude"),
        ("E\u0301tude", "etude"),
        ("ÉTUDE", "etude"),
        ("Илья Репин", "илья репин"),
        ("Ёлка", "елка"),
        ("İstanbul", "istanbul"),
        ("Kırmızı", "kirmizi"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Łódź", "lodz"),
        ("Kjærlighet på Skærø", "kjaerlighet pa skaero"),
        ("Đặng Œuvre Þór", "dang oeuvre thor"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Σίσυφος", "σισυφοσ"),
        ("ﬁn de siècle", "fin de siecle"),
        ("Ｈｏｋｕｓａｉ　３６", "hokusai 36"),
        ("ﾎｸｻｲ", "ホクサイ"),
        ("がく", "がく"),
        ("각", "각"),
        ("हिन्दी", "हिन्दी"),
        ("مُحَمَّد أحمد", "محمد احمد"),
        ("שָׁלוֹם", "שלום"),
        ("葛飾北斎", "葛飾北斎"),
        ("L’été – «bleu»", 'l\'ete - "bleu"'),
        ("  two \n\u00a0 spaces ", "two spaces"),
        ("soft\u00adhyphen\u200b\ufeff", "softhyphen"),
        ("nul\0and\ud800half", "nulandhalf"),
        ("", ""),
    ],
)
def test_letters_are_folded_as_readers_compare_them(text, folded):
    assert fold(text) == folded
    assert fold(folded) == folded


def test_the_natural_order_is_of_letters_and_of_the_value_of_numbers():
    titles = ["Zebra", "Study 10b", "study 10", "Study 2", "Étude", "apple", "Äpfel 1"]
    assert sorted(titles, key=natural_key) == [
        *("Äpfel 1", "apple", "Étude", "Study 2", "study 10", "Study 10b", "Zebra")
    ]


def test_a_key_has_a_length_that_a_database_can_index():
    assert len(natural_key("1 " * 300)) <= KEY_LENGTH
    assert natural_key("9" * 400) > natural_key("8")
    assert natural_key("7" * 5000)


@pytest.mark.parametrize("module", [folding, numerals])
def test_examples_hold(module):
    assert doctest.testmod(module).failed == 0
