"""The reference site in production: its settings by the environment, and files it creates."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "DJANGO_TLS": "1",
    "DJANGO_PROXIES": "1",
    "DJANGO_ALLOWED_HOSTS": "collection.example.org",
    "DJANGO_CSRF_TRUSTED_ORIGINS": "https://collection.example.org",
}
PRINT = """
import json
from project import settings
names = {names}
print(json.dumps({{name: getattr(settings, name, None) for name in names}}, default=str))
"""


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = ("DJANGO_", "STYLESIM_", "DATABASE_URL", "REDIS_URL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(kept)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**environment, "STYLESIM_DATA_DIR": str(folder / "site"), **variables},
        capture_output=True,
        text=True,
        check=True,
    )


def settings_of(folder: Path, names: list[str], **variables: str) -> dict[str, Any]:
    return json.loads(run(folder, "-c", PRINT.format(names=names), **variables).stdout)


def test_the_deployment_check_of_production_finds_nothing(tmp_path):
    command = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    checked = run(tmp_path, *command, **PRODUCTION)
    assert "no issues (0 silenced)" in checked.stdout + checked.stderr


def test_development_needs_no_tls(tmp_path):
    names = ["SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "SECURE_PROXY_SSL_HEADER", "PROXIES"]
    assert settings_of(tmp_path, names) == dict.fromkeys(names[:3], None) | {"PROXIES": 0}


def test_production_trusts_the_proxies_that_are_named(tmp_path):
    names = [
        *("SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SESSION_COOKIE_SECURE"),
        *("CSRF_COOKIE_SECURE", "SECURE_PROXY_SSL_HEADER", "CSRF_TRUSTED_ORIGINS"),
    ]
    found = settings_of(tmp_path, names, **PRODUCTION, DJANGO_HSTS_SECONDS="60")
    assert found == {
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 60,
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "SECURE_PROXY_SSL_HEADER": ["HTTP_X_FORWARDED_PROTO", "https"],
        "CSRF_TRUSTED_ORIGINS": ["https://collection.example.org"],
    }


@pytest.mark.parametrize(
    ("variables", "alias", "backend"),
    [
        ({}, "limits", "django.core.cache.backends.db.DatabaseCache"),
        (
            {"REDIS_URL": "redis://localhost:6379/0"},
            "default",
            "django.core.cache.backends.redis.RedisCache",
        ),
    ],
)
def test_limits_are_counted_in_a_shared_cache(tmp_path, variables, alias, backend):
    found = settings_of(tmp_path, ["CACHES", "STYLESIM_THROTTLE_CACHE"], **variables)
    assert (found["STYLESIM_THROTTLE_CACHE"] or "default") == alias
    assert found["CACHES"][alias]["BACKEND"] == backend


def test_what_the_site_writes_is_its_own_business(tmp_path):
    code = """
import os, django
os.umask(0o022)
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from stylesim_app import files
call_command("migrate", verbosity=0)
ignored = ["admin", "drf_spectacular_sidecar"]
call_command("collectstatic", verbosity=0, interactive=False, ignore_patterns=ignored)
files.write("descriptors", "safetensors", b"x")
default_storage.save("artworks/a/b.png", ContentFile(b"x"))
"""
    run(tmp_path, "-c", code)
    site = tmp_path / "site"
    assert stat.S_IMODE(site.stat().st_mode) == 0o711
    assert (site / "static" / "stylesim_app" / "stylesim.css").stat().st_mode & 0o004
    private = [path for path in site.rglob("*") if site / "static" not in (path, *path.parents)]
    names = {path.relative_to(site).parts[0] for path in private}
    assert {"db.sqlite3", "secret_key", "media", "stylesim", "cache"} <= names
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in private}
    assert {path for path, mode in modes.items() if mode & 0o077} == set()
