"""The app with a host's own artwork model, in a process with separate settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(
    folder: Path, *command: str, settings: str = "tests.swapped.settings"
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": settings,
        "STYLESIM_DATA_DIR": str(folder),
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_a_host_with_its_own_model_migrates_from_nothing(tmp_path):
    for command in (["migrate"], ["check", "--fail-level", "WARNING"], ["stylesim_status"]):
        finished = run(tmp_path, "manage.py", *command)
        assert finished.returncode == 0, finished.stdout


def test_every_case_holds_with_a_swapped_model(tmp_path):
    options = ("-q", "-p", "no:cacheprovider", "--no-cov", "tests/swapped/cases.py")
    finished = run(tmp_path, "-m", "pytest", *options)
    assert finished.returncode == 0, finished.stdout


@pytest.mark.release
def test_a_host_may_call_the_facts_of_its_works_otherwise(tmp_path):
    options = ("-q", "-p", "no:cacheprovider", "--no-cov", "tests/swapped/print_cases.py")
    finished = run(tmp_path, "-m", "pytest", *options, settings="tests.swapped.print_settings")
    assert finished.returncode == 0, finished.stdout
