"""Installation of the pinned packages, with a line for each step.

On Linux, the PyTorch of PyPI brings CUDA, several gigabytes that only an NVIDIA GPU needs. Without
such a GPU, PyTorch's own index of builds for CPUs is used where it can be reached. This module runs
before anything is installed, so it imports the standard library alone.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

#: PyTorch's index of builds for CPUs; the variable names a mirror, or ``pypi`` for none.
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
VARIABLE = "TORCH_INDEX"
#: Seconds to wait for that index, and until a step that goes on is said again.
ANSWER_SECONDS = 5.0
AGAIN_SECONDS = 30.0
#: Packages of fewer bytes are no step of their own.
LARGE = 20e6
LOG = Path("var/install.log")
#: Lines of the log that are shown after a failure.
SHOWN_LINES = 25
BUILDS = ("torch", "torchvision")


def main(requirements: str) -> int:
    """Install the packages of a file; return the exit status of pip."""
    pins = read_pins(Path(requirements))
    index = cpu_index(pins)
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    if index:
        say("No NVIDIA GPU was found: PyTorch will come without CUDA, about 200 MB to download.")
        wanted = [f"{name}=={version}+cpu" for name, version in pins.items()]
        if install(["--extra-index-url", index, *wanted]):
            say(f"That failed (see {LOG}); PyTorch will be installed from PyPI.")
    elif brings_cuda() and not are_installed(pins):
        say("PyTorch will come with CUDA, about 2.6 GB to download.")
        if not has_gpu():
            say(f"No index with builds for CPUs answered; {VARIABLE} can name one.")
    status = install(["-r", requirements])
    if status:
        lines = LOG.read_text(errors="replace").splitlines()
        sys.stderr.write("\n".join([*lines[-SHOWN_LINES:], ""]))
    return status


def read_pins(requirements: Path) -> dict[str, str]:
    """Return the pinned version of each build of PyTorch."""
    found = re.findall(r"^([\w-]+)==(\S+)$", requirements.read_text(), re.MULTILINE)
    return {name: version for name, version in found if name in BUILDS}


def are_installed(pins: dict[str, str]) -> bool:
    """Return whether the pinned builds are there, so that nothing is downloaded."""
    try:
        return all(metadata.version(name).split("+")[0] == pins[name] for name in pins)
    except metadata.PackageNotFoundError:
        return False


def cpu_index(pins: dict[str, str]) -> str:
    """Return the address of an index with builds of all pinned versions for CPUs.

    It is empty where the usual builds have no CUDA, where a GPU needs it, and where the index does
    not answer or lacks a version.
    """
    index = os.environ.get(VARIABLE) or CPU_INDEX
    if index == "pypi" or not pins or not brings_cuda() or has_gpu():
        return ""
    return index if all(offers(index, name, version) for name, version in pins.items()) else ""


def brings_cuda() -> bool:
    """Return whether the builds of PyPI for this machine bring CUDA."""
    return platform.system() == "Linux"


def has_gpu() -> bool:
    """Return whether the machine has the driver of an NVIDIA GPU."""
    known = (Path("/proc/driver/nvidia/version"), Path("/usr/lib/wsl/lib/libcuda.so.1"))
    return any(path.exists() for path in known) or shutil.which("nvidia-smi") is not None


def offers(index: str, name: str, version: str) -> bool:
    """Return whether an index lists a build of a version for CPUs."""
    page = f"{index.rstrip('/')}/{name}/"
    try:
        # The address is the one above, or one that the caller gave.
        with urlopen(page, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            listed = answer.read().decode(errors="replace")
    except (URLError, OSError, ValueError):
        return False
    return re.search(rf"{name}-{re.escape(version)}(\+|%2B)cpu", listed) is not None


def install(arguments: Sequence[str]) -> int:
    """Run pip, whose output goes to the log, and print each step, a long one more than once."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    began = said_at = time.monotonic()
    said = "starting"
    with LOG.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603
    try:
        while process.poll() is None:
            time.sleep(0.2)
            now, step = time.monotonic(), current_step()
            if step != said or now - said_at >= AGAIN_SECONDS:
                said, said_at = step, now
                say(f"{now - began:4.0f} s: {step}")
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    return process.returncode


def current_step() -> str:
    """Return in words what pip does at the moment, by its log.

    Of the packages it looks for and downloads, only large ones are named.
    """
    log = LOG.read_text(errors="replace")
    if "Installing collected packages" in log:
        return "unpacking"
    lines = re.findall(r"^ *Downloading (\S+?)-\d\S* \(([\d.]+) (kB|MB|GB)\)$", log, re.MULTILINE)
    for name, size, unit in reversed(lines):
        if float(size) * {"kB": 1e3, "MB": 1e6, "GB": 1e9}[unit] >= LARGE:
            return f"downloading {name} ({size} {unit}), and what comes after it"
    return "looking for packages, and downloading them" if "Collecting " in log else "starting"


def say(line: str) -> None:
    """Print a line at once, also where the output is no terminal."""
    sys.stdout.write(f"  {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
