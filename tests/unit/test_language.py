"""The words of the project: wordings that were replaced do not come back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENDINGS = {".py", ".html", ".md", ".po", ".js", ".css", ".toml"}
FOLDERS = ("stylesim_app", "project", "templates", "docs", "benchmarks", "training", "tests")
FILES = sorted(
    path
    for path in [
        *ROOT.glob("*.*"),
        *(each for name in FOLDERS for each in (ROOT / name).rglob("*")),
    ]
    if path.is_file() and path.suffix in ENDINGS and path != Path(__file__).resolve()
)
#: What is not written any more, and what is written instead.
REPLACED = {
    r"\banew\b": "again",
    r"\bamiss\b": "wrong",
    r"\bof late\b": "recently",
    r"\bof one['’]s own\b": "custom, or your own",
    r"Works that look like this one": "Similar works",
    r"Alike in\b": "Compare by",
    r"\bOwn weights\b": "Custom weights",
    r"Layers of style": "Style layers",
    r"No work fits": "No works match",
    r"Only among some works": "Filter works",
    r"Usual order": "Default order",
    r"no worker is at work": "no worker is running",
    r"Nobody, or not who they say": "Missing or invalid credentials",
}


@pytest.mark.parametrize("phrase", REPLACED)
def test_a_replaced_wording_does_not_come_back(phrase):
    assert len(FILES) > 200
    # A sentence may break between two words.
    pattern = re.compile(phrase.replace(" ", r"\s+"))
    found = [
        path.relative_to(ROOT).as_posix() for path in FILES if pattern.search(path.read_text())
    ]
    assert found == [], f"write “{REPLACED[phrase]}”"
