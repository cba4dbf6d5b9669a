"""The installation of PyTorch without CUDA where there is no GPU."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from project import install

PINS = {"torch": "2.15.0", "torchvision": "0.29.2"}


@pytest.fixture
def index(tmp_path, monkeypatch):
    """An index with both builds for CPUs, on a Linux machine without a GPU."""
    for name, version in PINS.items():
        (tmp_path / name / "index.html").parent.mkdir()
        listed = f'<a href="{name}-{version}%2Bcpu-cp311-cp311-linux_x86_64.whl">a</a>'
        (tmp_path / name / "index.html").write_text(listed)
    monkeypatch.setattr(install, "brings_cuda", lambda: True)
    monkeypatch.setattr(install, "has_gpu", lambda: False)
    # A folder has no page of its own.
    monkeypatch.setattr(install, "urlopen", lambda page, timeout: open_page(tmp_path, page))
    monkeypatch.setenv(install.VARIABLE, "https://mirror.example/cpu/")
    return tmp_path


def open_page(folder, page):
    assert page.startswith("https://mirror.example/cpu/")
    return (folder / page.split("/")[-2] / "index.html").open("rb")


def test_the_pins_of_pytorch_are_those_of_requirements():
    pins = install.read_pins(Path("requirements.txt"))
    assert set(pins) == set(install.BUILDS)


def test_without_a_gpu_the_index_of_builds_for_cpus_is_used(index):
    assert install.cpu_index(PINS) == "https://mirror.example/cpu/"


@pytest.mark.parametrize(
    "change",
    ["a GPU", "another system", "no version", "no answer", "not wanted"],
)
def test_else_the_builds_of_pypi_are_used(index, monkeypatch, change):
    pins = dict(PINS)
    if change == "a GPU":
        monkeypatch.setattr(install, "has_gpu", lambda: True)
    elif change == "another system":
        monkeypatch.setattr(install, "brings_cuda", lambda: False)
    elif change == "no version":
        pins["torchvision"] = "0.29.3"
    elif change == "no answer":
        (index / "torch" / "index.html").unlink()
    else:
        monkeypatch.setenv(install.VARIABLE, "pypi")
    assert install.cpu_index(pins) == ""


def test_what_is_installed_already_is_not_downloaded():
    pins = {"pytest": pytest.__version__}
    assert install.are_installed(pins)
    assert not install.are_installed({**pins, "torch": "0.0.1"})
    assert not install.are_installed({"no-such-package": "1"})


def test_each_step_of_pip_is_a_line(tmp_path, monkeypatch, capsys):
    """Small packages are none, and a step that goes on is said again after a while."""
    monkeypatch.setattr(install, "LOG", tmp_path / "log")
    now = iter(range(0, 10_000, 10))
    clock = SimpleNamespace(sleep=lambda _seconds: None, monotonic=lambda: float(next(now)))
    monkeypatch.setattr(install, "time", clock)
    turns = iter(
        [
            "Collecting torch==2.15.0\n",
            "  Downloading torch-2.15.0-cp311-manylinux_2_28_x86_64.whl (539.1 MB)\n",
            "Collecting sympy\n",
            "  Downloading sympy-1.14.0-py3-none-any.whl (6.3 MB)\n",
            "",
            "Installing collected packages: sympy, torch\n",
        ]
    )

    def poll(_process):
        line = next(turns, None)
        if line is None:
            return 0
        with install.LOG.open("a") as log:
            log.write(line)
        return None

    kind = type("Pip", (), {"poll": poll, "returncode": 0})
    pip = SimpleNamespace(Popen=lambda *_args, **_options: kind(), STDOUT=None)
    monkeypatch.setattr(install, "subprocess", pip)
    assert install.install([]) == 0
    steps = [line.split(": ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert steps == [
        "looking for packages, and downloading them",
        *["downloading torch (539.1 MB), and what comes after it"] * 2,
        "unpacking",
    ]
