"""Signals, closed pipes and progress of commands."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stylesim_app.management import progress
from stylesim_app.management.progress import Progress
from stylesim_app.management.signals import PIPE_CLOSED, Ended, ending_cleanly

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_is_raised_like_ctrl_c(number):
    before = signal.getsignal(number)
    with pytest.raises(Ended) as caught, ending_cleanly():
        os.kill(os.getpid(), number)
    assert caught.value.status == 128 + number
    assert signal.getsignal(number) is before


def test_a_command_ends_quietly_without_a_reader():
    code = (
        "from stylesim_app.management.signals import ending_quietly\n"
        "with ending_quietly():\n"
        "    for number in range(100_000):\n"
        "        print(number)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == PIPE_CLOSED


def test_lines_that_began_end_with_the_last_item(monkeypatch):
    monkeypatch.setattr(progress, "INTERVAL", 0)
    lines: list[str] = []
    with Progress(5, "Indexing", lines.append) as shown:
        shown.reach(4)
        monkeypatch.setattr(progress, "INTERVAL", 1000)
        shown.reach(5)
    assert lines == ["Indexing: 4 of 5 (80 %)", "Indexing: 5 of 5 (100 %)"]


@pytest.mark.parametrize(
    ("interval", "expected"),
    [(0, ["Importing: 1 of 2 (50 %)", "Importing: 2 of 2 (100 %)"]), (1000, [])],
)
def test_a_log_gets_a_line_now_and_then(monkeypatch, capsys, interval, expected):
    monkeypatch.setattr(progress, "INTERVAL", interval)
    lines: list[str] = []
    with Progress(2, "Importing", lines.append) as shown:
        for _item in range(2):
            shown.update()
    assert lines == expected
    assert capsys.readouterr().err == ""
