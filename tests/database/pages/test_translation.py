"""The Chinese catalogues: complete, compiled, and used in responses."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.utils import translation

from stylesim_app.core.errors import CoreError
from tests.admin_pages import LIST, fail

ROOT = Path(__file__).resolve().parents[3]
CATALOGUES = {
    name: Path(name, "locale", "zh_Hans", "LC_MESSAGES", "django.po")
    for name in ("stylesim_app", "project")
}
#: What a translation must hold as often as its source: placeholders, percent signs, tags.
KEPT = re.compile(r"%\(\w+\)[-+ #0]*\d*(?:\.\d+)?[a-z]|%%|\{\w*\}|</?\w+[^>]*>|--\w+")

every_catalogue = pytest.mark.parametrize("name", CATALOGUES)


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


def forms(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """One text, or the forms for one and for several."""
    return (text,) if isinstance(text, str) else tuple(text)


def sentences(catalogue: Catalog) -> dict[tuple[str | None, tuple[str, ...]], tuple[str, ...]]:
    """Translations by context and source, the header left out."""
    return {
        (message.context, forms(message.id)): forms(message.string or "")
        for message in catalogue
        if message.id
    }


@every_catalogue
def test_every_message_is_translated(name):
    catalogue = read(ROOT / CATALOGUES[name])
    found = sentences(catalogue)
    assert found
    assert catalogue.num_plurals == 1
    assert [key for key, texts in found.items() if not all(texts)] == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []
    assert list(catalogue.obsolete) == []


@every_catalogue
def test_placeholders_agree(name):
    for (_context, source), texts in sentences(read(ROOT / CATALOGUES[name])).items():
        for text in texts:
            assert Counter(KEPT.findall(text)) == Counter(KEPT.findall(source[-1])), source


@every_catalogue
def test_the_compiled_catalogue_is_up_to_date(name):
    path = ROOT / CATALOGUES[name]
    fresh = io.BytesIO()
    write_mo(fresh, read(path))
    fresh.seek(0)
    with path.with_suffix(".mo").open("rb") as compiled:
        assert sentences(read_mo(compiled)) == sentences(read_mo(fresh))


def test_the_catalogues_do_not_contradict_each_other():
    ours, project = (sentences(read(ROOT / path)) for path in CATALOGUES.values())
    shared = ours.keys() & project.keys()
    assert shared
    assert {key: ours[key] for key in shared} == {key: project[key] for key in shared}


@pytest.mark.skipif(
    shutil.which("xgettext") is None,
    reason="without GNU gettext nobody looks for strings that the catalogues lack",
)
def test_the_catalogues_hold_what_the_source_marks(tmp_path):
    shutil.copy(ROOT / "manage.py", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__", "weights", "static")
    for folder in ("stylesim_app", "project", "templates"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    subprocess.run(
        [sys.executable, "manage.py", "makemessages", "--locale", "zh_Hans", "--verbosity", "0"],
        check=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "STYLESIM_DATA_DIR": str(tmp_path / "var"),
        },
    )
    for path in CATALOGUES.values():
        assert set(sentences(read(tmp_path / path))) == set(sentences(read(ROOT / path)))


def test_errors_of_the_core_are_told_in_chinese():
    english = {text for kind in CoreError.__subclasses__() for text in kind.MESSAGES.values()}
    with translation.override("zh-hans"):
        assert {text for text in english if translation.gettext(text) == text} == set()


def test_a_page_answers_in_chinese(client, collection):
    html = client.get("/", headers={"accept-language": "zh-hans"}).content.decode()
    assert '<html lang="zh-hans">' in html
    assert "12 件作品" in html
    assert "名称（降序）" in html
    address = collection["disc-a"].get_absolute_url()
    html = client.get(address, headers={"accept-language": "zh-CN"}).content.decode()
    assert "风格与内容（风格为主）：10 件作品，由近到远排列" in html
    assert re.search(r"比 [\d.]+% 的作品对更接近", html)
    query = {"style_weight": "-1", "layer_weights": "-1,0,0,0,1"}
    html = client.get(address, query, headers={"accept-language": "zh-hans"}).content.decode()
    assert "“风格权重”不能为负数" in html
    assert "“色彩与颗粒感”不能为负数" in html


def test_an_error_of_the_api_answers_in_chinese(client, db):
    answer = client.get("/api/artworks/999/", headers={"accept-language": "zh-hans"})
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("未找到作品 999，")


def test_the_admin_answers_in_chinese(staff_client, collection):
    fail(collection["disc-b"], reason="cut short")
    html = staff_client.get(LIST, headers={"accept-language": "zh-hans"}).content.decode()
    content = html.split('id="content"')[1]
    for text in ("馆藏", "索引状态", "查找相似作品", "重新建立索引"):
        assert text in content
    assert "图片已损坏或不完整，无法打开。" in content


def test_a_stored_reason_is_told_in_the_language_of_its_reader(collection):
    fail(collection["disc-a"], "image_too_many_pixels", width=9000, height=8000, limit=50)
    entry = collection["disc-a"].stylesim_entry
    entry.refresh_from_db()
    with translation.override("zh-hans"):
        assert entry.reason == "图片过大：9000 × 8000 像素，上限为 5000 万像素。"
    with translation.override("en"):
        assert entry.reason.startswith("The image is too large: 9000 x 8000 pixels")
