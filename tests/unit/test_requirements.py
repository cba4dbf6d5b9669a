"""The versions in requirements.txt, the lock with hashes, and pyproject.toml agree."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: What torch brings, it pins itself; it differs by platform.
BRINGS_ITS_OWN = {"torch", "torchvision"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def card() -> dict[str, str]:
    pins = re.findall(
        r"^([\w.-]+)(?:\[\w+\])?==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    return {normal(name): version for name, version in pins}


def locked() -> list[tuple[str, str, str, set[str]]]:
    """Return name, version, the other lines and the parents of each entry of the lock."""
    entries = re.split(r"^(?=[a-z])", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE)
    found = []
    for entry in entries[1:]:
        name, version = re.match(r"([\w.-]+)==([^\s;]+)", entry).groups()
        _, _, via = entry.partition("# via")
        found.append((name, version, entry, set(re.findall(r"[a-z][\w.-]+", via))))
    return found


def test_every_file_in_the_lock_has_a_hash():
    assert len(locked()) > 30
    assert [name for name, _, entry, _ in locked() if "--hash=sha256:" not in entry] == []


def test_requirements_have_the_versions_of_the_lock():
    versions = {name: version for name, version, _, _ in locked()}
    assert card().items() - versions.items() == set()


def test_requirements_pin_all_that_is_needed_everywhere():
    needed = {
        name
        for name, _, entry, parents in locked()
        if ";" not in entry.splitlines()[0] and (parents - BRINGS_ITS_OWN) & set(card())
    }
    assert needed - set(card()) == set()


def test_the_lock_has_every_direct_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    groups = (
        project["project"]["dependencies"],
        extras["worker"],
        extras["pgvector"],
        project["dependency-groups"]["site"],
    )
    matches = [re.match(r"[\w.-]+", each) for group in groups for each in group]
    assert all(matches)
    names = {normal(match[0]) for match in matches if match}
    assert names - {name for name, _, _, _ in locked()} == set()
    assert names - set(card()) == set()
