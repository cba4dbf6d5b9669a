"""The documentation is complete, and its links work."""

from __future__ import annotations

import inspect
import re
import tomllib
from importlib import import_module
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
    names = set(re.findall(r'(?:environ\.get|flag|words)\("(\w+)"', source)) | {"DATABASE_URL"}
    assert {name for name in names if f"`{name}`" not in SETTINGS} == set()


def test_every_check_stands_in_the_reference():
    modules = [getattr(checks, name) for name in checks.__all__]
    source = "".join(map(inspect.getsource, modules))
    ids = set(re.findall(r'id="stylesim_app\.(\w+)"', source))
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


def test_what_the_architecture_names_exists():
    """Dotted names in code marks are modules of the app and what they define."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:[a-z_]+\.)+[A-Za-z_]+)`", page))
    files = {name for name in named if name.endswith((".py", ".toml", ".js"))}
    assert len(named - files) > 30
    for name in named - files:
        module, _, attribute = f"stylesim_app.{name}".rpartition(".")
        assert hasattr(import_module(module), attribute), name


def test_the_rooms_are_those_of_the_contract():
    """From top to bottom, as imports run."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = [set(layer.split(" : ")) for layer in contract["contracts"][0]["layers"]]
    page = (ROOT / "docs" / "architecture.md").read_text()
    [picture] = re.findall(r"```\n(.*?)```", page, re.DOTALL)
    lines = [line.split("  ") for line in picture.splitlines() if line.strip(" |")]
    drawn = [{word for word in line if word} for line in lines]
    assert len(drawn) == len(layers)
    for layer, words in zip(layers, drawn, strict=True):
        rooms = {word.strip() for word in words} & {room for each in layers for room in each}
        assert rooms
        assert rooms <= layer
