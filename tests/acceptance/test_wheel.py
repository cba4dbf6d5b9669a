"""The built wheel, installed in a separate environment and run in a bare host project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import textwrap
import venv
import zipfile
from email import message_from_string
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests import pictures

ROOT = Path(__file__).resolve().parents[2]

#: Run in the host: every kind of page answers, with its style sheet.
ASK = """
import re
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
import stylesim_app
from stylesim_app.models import Artwork
print(stylesim_app.__file__)
client = Client(headers={"host": "localhost"})
for address in (
    reverse("stylesim:gallery"),
    reverse("stylesim:artwork", args=[1]),
    reverse("stylesim:thumbnail", args=[1, "small"]),
    reverse("stylesim-api:artwork-similar", args=[1]),
    reverse("stylesim-api:schema"),
    reverse("admin:login"),
    Artwork.objects.get(pk=1).image.url,
):
    print(client.get(address).status_code, address)
page = client.get(reverse("stylesim:gallery")).content.decode()
for name in re.findall(r'/static/([^"?]+[.](?:css|js))', page):
    print("found" if finders.find(name) else "lost", name)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, so that the checkout stays as it is."""
    source = tmp_path_factory.mktemp("source")
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "stylesim_app", source / "stylesim_app", ignore=ignored)
    shutil.copytree(ROOT / "tests", source / "tests", ignore=ignored)
    run(source, sys.executable, "-m", "build", "--no-isolation", "--outdir", str(source / "dist"))
    [built] = (source / "dist").glob("*.whl")
    return built


@pytest.fixture
def host(wheel: Path, tmp_path: Path) -> Path:
    """A new Django project, and beside it an environment that has the wheel.

    The wheel's dependencies come from the environment that runs the tests.
    """
    environment = tmp_path / "environment"
    venv.create(environment)
    [site_packages] = environment.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    target = ("--target", str(site_packages))
    run(tmp_path, sys.executable, "-m", "pip", "install", "-q", "--no-deps", *target, str(wheel))
    project = tmp_path / "project"
    project.mkdir()
    run(project, str(environment / "bin" / "python"), "-m", "django", "startproject", "host", ".")
    settings, addresses = readme_steps()
    with (project / "host" / "settings.py").open("a") as file:
        file.write(settings.replace("/srv/stylesim", str(tmp_path / "descriptors")))
        file.write(f"MEDIA_ROOT = {str(tmp_path / 'media')!r}\n")
    with (project / "host" / "urls.py").open("a") as file:
        file.write(addresses)
    return project


def readme_steps() -> tuple[str, str]:
    """What README has a project add to its settings and to its addresses."""
    text = (ROOT / "README.md").read_text()
    settings, addresses = re.findall(r"^ +```python\n(.*?)^ +```$", text, re.DOTALL | re.MULTILINE)
    return textwrap.dedent(settings), textwrap.dedent(addresses)


def run(folder: Path, *command: str) -> str:
    """What a command prints; it must end well."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DJANGO_", "STYLESIM_", "PYTHONPATH"))
    }
    finished = subprocess.run(
        command,
        cwd=folder,
        env=clean,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


def test_the_wheel_holds_the_app_alone_and_all_of_it(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.split("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == {"stylesim_app"}
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "stylesim_app").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected - set(names) == set()
    assert "stylesim_app/py.typed" in names
    assert "stylesim_app/weights/vgg19-paintings.safetensors" in names


def test_pytorch_comes_with_the_extra_for_workers_alone(wheel):
    """As README's first step says."""
    archive = zipfile.ZipFile(wheel)
    [name] = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
    asked = message_from_string(archive.read(name).decode()).get_all("Requires-Dist")
    requirements = [Requirement(each) for each in asked]

    def install(extra: str) -> set[str]:
        chosen = {"extra": extra}
        return {
            each.name for each in requirements if not each.marker or each.marker.evaluate(chosen)
        }

    web = install("")
    assert {"django", "numpy"} <= web
    assert install("worker") - web == {"opencv-python-headless", "psutil", "torch", "torchvision"}
    steps = (ROOT / "README.md").read_text()
    assert "`pip install django-stylesim`" in steps
    assert "`pip install 'django-stylesim[worker]'`" in steps


def test_the_wheel_works_in_a_bare_host_project(host, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for name in ("disc-a", "disc-b", "bars-c"):
        (images / f"{name}.png").write_bytes(pictures.png(name))
    python = str(tmp_path / "environment" / "bin" / "python")

    def manage(*arguments: str) -> str:
        return run(host, python, "manage.py", *arguments)

    manage("migrate")
    manage("check", "--fail-level", "WARNING")
    manage("makemigrations", "--check", "--dry-run")
    assert "3 added" in manage("stylesim_import", str(images), "--public")
    assert "3 indexed, 0 failed." in manage("stylesim_index")
    ranked = manage("stylesim_rank", str(images / "disc-a.png"))
    [first] = [line for line in ranked.splitlines() if line.split()[0] == "1"]
    assert first.endswith("disc-a")

    module, *answers = manage("shell", "--no-imports", "-v0", "-c", ASK).splitlines()
    assert module.startswith(str(tmp_path / "environment"))
    assert [answer.split()[0] for answer in answers[:7]] == ["200"] * 7
    assert answers[7:]
    assert {answer.split()[0] for answer in answers[7:]} == {"found"}
