"""The documentation is complete, and its links lead somewhere."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from stylesim_app import checks, conf

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SETTINGS = (ROOT / "docs" / "reference" / "settings.md").read_text()
COMMANDS = (ROOT / "docs" / "reference" / "commands.md").read_text()
COMMAND_FILES = sorted(ROOT.glob("*/management/commands/*.py"))


def test_every_setting_of_the_app_stands_in_the_reference():
    names = set(re.findall(r'"(STYLESIM_\w+)"', inspect.getsource(conf)))
    assert len(names) > 15
    assert {name for name in names if f"`{name}`" not in SETTINGS} == set()


def test_every_variable_of_the_reference_site_stands_in_the_reference():
    source = (ROOT / "project" / "settings.py").read_text()
    names = set(re.findall(r'environ\.get\("(\w+)"', source)) | {"DATABASE_URL"}
    assert {name for name in names if f"`{name}`" not in SETTINGS} == set()


def test_every_check_stands_in_the_reference():
    ids = set(re.findall(r'id="stylesim_app\.(\w+)"', inspect.getsource(checks)))
    assert {name for name in ids if name not in SETTINGS} == set()


@pytest.mark.parametrize(
    "path", [path for path in COMMAND_FILES if path.stem != "__init__"], ids=lambda path: path.stem
)
def test_every_command_and_option_stands_in_the_reference(path):
    assert path.stem in COMMANDS
    options = set(re.findall(r'"(--[a-z-]+)"', path.read_text()))
    assert {option for option in options if option not in COMMANDS} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_and_pictures_lead_to_files(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []
