"""The installation of PyTorch without CUDA where there is no GPU."""

from __future__ import annotations

from pathlib import Path

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


def test_a_line_says_what_is_downloaded(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "LOG", tmp_path / "log")
    install.LOG.write_text(
        "Collecting torch==2.15.0\n"
        "  Downloading torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl (539.1 MB)\n"
    )
    assert install.current_step() == "downloading torch (539.1 MB)"
    install.LOG.write_text("Installing collected packages: torch\n")
    assert install.current_step() == "unpacking"
