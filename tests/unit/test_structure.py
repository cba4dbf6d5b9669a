"""The structure of the package: allowed imports, and parts that must not be forgotten."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from stylesim_app.collection import years
from stylesim_app.core import errors
from tests.conftest import FOLDERS, ON_POSTGRESQL, TESTS

APP = Path(__file__).resolve().parents[2] / "stylesim_app"


def run_python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True, cwd=APP.parent)


def test_the_core_imports_no_django():
    modules = [f"stylesim_app.core.{path.stem}" for path in sorted((APP / "core").glob("*.py"))]
    assert len(modules) > 10
    run_python(
        "import importlib, sys\n"
        f"for module in {modules}:\n"
        "    importlib.import_module(module)\n"
        "    assert 'django' not in sys.modules, module\n"
    )


def test_the_site_starts_without_torch():
    run_python(
        "import os, sys, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "django.setup()\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns\n"
        "import project.wsgi, stylesim_app.admin, stylesim_app.ranking.similar\n"
        "loaded = [m for m in sys.modules if m.split('.')[0] in ('torch', 'torchvision')]\n"
        "assert not loaded, loaded"
    )


def test_web_pages_need_no_torch(tmp_path):
    """Where PyTorch is not installed a site answers and ranks, its process is left as it was, and
    a worker refuses with a reason."""
    environment = {**os.environ, "STYLESIM_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "tests.without_torch"]
    subprocess.run(command, check=True, cwd=APP.parent, env=environment)


def test_the_last_to_leave_restores_the_threads_of_blas():
    run_python(
        "import numpy\n"
        "from threadpoolctl import threadpool_info\n"
        "from stylesim_app.core.blas import one_thread\n"
        "def counts():\n"
        "    return [each['num_threads'] for each in threadpool_info()]\n"
        "before = counts()\n"
        "with one_thread():\n"
        "    with one_thread():\n"
        "        pass\n"
        "    assert set(counts()) == {1}\n"
        "assert counts() == before\n"
    )


def test_torch_is_imported_by_three_modules_of_the_core_alone():
    importing = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith(("import torch", "from torch"))
    }
    assert importing == {"core/convolution.py", "core/vgg.py", "core/weights.py"}


def test_every_message_of_the_core_can_be_translated():
    """Messages are marked where they stand, and makemessages has found them."""
    catalogue = (APP / "locale/zh_Hans/LC_MESSAGES/django.po").read_text()
    marked = {
        "".join(re.findall(r'"(.*)"', block)).replace('\\"', '"')
        for block in re.findall(r'^msgid ((?:"[^\n]*"\n)+)', catalogue, re.MULTILINE)
    }
    kinds = errors.CoreError.__subclasses__()
    assert {text for kind in kinds for text in kind.MESSAGES.values()} <= marked
    assert {text for kind in kinds for text in kind.CAUSES.values()} <= marked


def test_every_test_lies_in_a_folder_that_says_what_it_needs():
    assert sorted(path.name for path in TESTS.glob("test_*.py")) == []
    assert {path.parts[len(TESTS.parts)] for path in TESTS.glob("*/**/test_*.py")} <= set(FOLDERS)
    assert [name for name in ON_POSTGRESQL if not (TESTS / name).exists()] == []


def test_every_error_code_is_used_once():
    codes = [code for kind in errors.CoreError.__subclasses__() for code in kind.MESSAGES]
    assert len(codes) == len(set(codes))


def test_examples_in_docstrings_hold():
    assert doctest.testmod(years).failed == 0


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("1889", 1889),
        ("c. 1889–90", 1889),
        ("17th century", 1650),
        ("500 BC", -500),
        ("12 B.C.", -12),
        ("850", 850),
        ("公元前500年", -500),
        ("17世纪", 1650),
        ("约 1889 年", 1889),
        ("undated", None),
        ("", None),
    ],
)
def test_years_are_read_as_catalogues_write_them(text, year):
    assert years.parse_year(text) == year
