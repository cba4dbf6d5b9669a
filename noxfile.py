"""Test the versions that ``pyproject.toml`` allows, and renew the lock: ``nox --list``."""

from __future__ import annotations

import re
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.envdir = "var/nox"
nox.options.default_venv_backend = "uv"
nox.options.sessions = ["tests", "lowest"]

ROOT = Path(__file__).resolve().parent
CARD = ROOT / "requirements.txt"
LOCK = ROOT / "requirements.lock"
#: All that the reference site needs, by the ranges of ``pyproject.toml``.
SITE = ("pyproject.toml", "--extra", "worker", "--extra", "pgvector", "--group", "site")
#: Pinned tools; the pins of the site that the same file includes would fix the versions under test.
TOOLS = re.findall(r"^[\w.-]+==\S+$", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE)
#: Django 6.0 needs Python 3.12.
VERSIONS = [("3.11", "5.2"), ("3.12", "5.2"), ("3.12", "6.0"), ("3.13", "5.2"), ("3.13", "6.0")]
#: Each test process has a core; more threads than cores only wait for each other.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@nox.session
@nox.parametrize(("python", "django"), VERSIONS)
def tests(session: nox.Session, django: str) -> None:
    """Run the tests with the newest versions allowed, on one Python and one Django."""
    session.install("-r", *SITE, f"django=={django}.*", *TOOLS)
    run_tests(session)


@nox.session(python="3.11")
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest version allowed of each direct dependency."""
    session.install("--resolution", "lowest-direct", "-r", *SITE, *TOOLS)
    run_tests(session)


def run_tests(session: nox.Session) -> None:
    chosen = session.posargs or ("-m", "(unit or database) and not release")
    options = ("-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
    session.run("python", "-m", "pytest", *options, *chosen, env=ONE_THREAD)


@nox.session(python=False)
def lock(session: nox.Session) -> None:
    """Renew requirements.lock, and the versions in requirements.txt; ``-- --upgrade`` for newer."""
    resolved_for = ("--universal", "--python-version", "3.11", "--fork-strategy", "fewest")
    command = ("uv", "pip", "compile", "--quiet", "--generate-hashes", *resolved_for)
    named = ("--custom-compile-command", "nox -s lock", "--output-file", LOCK.name)
    session.run(*command, *named, *SITE, *session.posargs, external=True)
    locked = {
        normal(name): version
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", LOCK.read_text(), re.MULTILINE)
    }

    def renew(pin: re.Match[str]) -> str:
        return f"{pin['name']}{pin['extra'] or ''}=={locked[normal(pin['name'])]}"

    pins = re.compile(r"^(?P<name>[\w.-]+)(?P<extra>\[\w+\])?==\S+$", re.MULTILINE)
    CARD.write_text(pins.sub(renew, CARD.read_text()))


def normal(name: str) -> str:
    """Return the normalised name of a package, as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()
