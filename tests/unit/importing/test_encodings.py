"""Encodings of tables and of names in archives, detected by what is plausible."""

from __future__ import annotations

import pytest

from stylesim_app.importing.sources.encodings import NAMES, detect

TITLES = [
    ("cp1252", "Dürer"),
    ("cp1252", "Étude"),
    ("cp1252", "naïve; café; McÉwan"),
    ("cp1252", "“Nymphéas” – 1,50 × 2 m, Théâtre, €5, Ångström ÉTUDE Œuvre João ½ m"),
    ("cp1252", "L’été à l’île-d’Aix"),
    ("mac_roman", "Dürer"),
    ("mac_roman", "Étude"),
    ("gb18030", "齐白石"),
    ("gb18030", "清"),
    ("gb18030", "八大山人《荷花图》，清代，纸本设色；高38厘米×宽52厘米"),
    ("gb18030", "徐悲鸿 奔马图 徐渭 髡残 郑燮"),
    ("cp932", "北斎"),
    ("cp932", "葛飾北斎、神奈川沖浪裏"),
    ("big5", "張大千 潑墨山水 臺北故宮"),
    ("cp1251", "Репин, Илья «Бурлаки»"),
    ("utf-8", "Dürer 齐白石"),
    ("utf-8-sig", "Dürer"),
    ("utf-16", "Dürer"),
    ("utf-16-le", "Durer, Albrecht"),
    ("utf-16-be", "Dürer"),
    ("utf-32", "齐白石"),
]


@pytest.mark.parametrize(("encoding", "title"), TITLES)
def test_short_tables_are_read_as_they_were_written(encoding, title):
    content = f"file\ttitle\na.jpg\t{title}\n".encode(encoding)
    found = detect(content)
    assert found is not None
    assert content.decode(found).removeprefix("\ufeff") == f"file\ttitle\na.jpg\t{title}\n"


@pytest.mark.parametrize(
    ("encoding", "title"),
    [("cp1250", "Příbram Łódź"), ("koi8_r", "Репин Илья")],
)
def test_what_gives_no_plausible_text_is_refused(encoding, title):
    assert detect(f"file\ttitle\na.jpg\t{title}\n".encode(encoding)) is None


def test_a_long_catalogue_may_have_odd_words():
    rows = "\n".join(f"{number}.jpg\tDürer" for number in range(100))
    assert detect(f"file\ttitle\n{rows}\n101.jpg\txŸx\n".encode("cp1252")) == "cp1252"


def test_a_line_that_is_not_utf8_does_not_change_the_others():
    content = "a.jpg\tDürer\nb.jpg\tKäthe\n".encode() + "c.jpg\tÉtude\n".encode("cp1252")
    assert detect(content) == "utf-8"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp437", "Dürer.jpg"),
        ("cp437", "plain.jpg"),
        ("gb18030", "齐白石.jpg"),
        ("cp932", "北斎.jpg"),
        ("cp866", "Репин.jpg"),
        ("utf-8", "Dürer.jpg"),
    ],
)
def test_names_in_archives(encoding, name):
    found = detect(name.encode(encoding), NAMES)
    assert found is not None
    assert name.encode(encoding).decode(found) == name
