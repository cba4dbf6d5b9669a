"""A wing, in a process with separate settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_case_holds_with_a_wing(tmp_path):
    options = ("-q", "-p", "no:cacheprovider", "--no-cov", "tests/wing/cases.py")
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.wing.settings",
            "STYLESIM_DATA_DIR": str(tmp_path),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
