"""The examples for web servers are valid, and agree with the site that they serve."""

from __future__ import annotations

import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest

from stylesim_app.middleware import most_bytes

ROOT = Path(__file__).resolve().parents[2]
NGINX = ROOT / "docs" / "how-to" / "nginx.conf"
GUNICORN = ROOT / "project" / "gunicorn.conf.py"


def nginx() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None:
        pytest.skip("nginx is not installed: sudo apt-get install nginx-light")
    return found


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The example included as in /etc/nginx/conf.d, with a certificate of its own."""
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=collection.example.org", "-keyout", str(tmp_path / "privkey.pem")),
            *("-out", str(tmp_path / "fullchain.pem")),
        ],
        check=True,
        capture_output=True,
    )
    text = NGINX.read_text().replace("/etc/ssl/stylesim", str(tmp_path))
    (tmp_path / "stylesim.conf").write_text(text)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/nginx.pid; error_log stderr;\n"
        f"events {{}}\nhttp {{ access_log off; include {tmp_path}/stylesim.conf; }}\n"
    )
    return tmp_path


def test_nginx_accepts_its_configuration(site):
    command = [nginx(), "-t", "-q", "-p", str(site), "-c", str(site / "nginx.conf")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_nginx_takes_as_much_as_the_site():
    [limit] = re.findall(r"client_max_body_size (\d+)m;", NGINX.read_text())
    assert most_bytes() <= int(limit) * 1024**2 < 1.2 * most_bytes()


def test_nginx_serves_static_files_and_nothing_else_of_the_data():
    text = re.sub(r"#.*", "", NGINX.read_text())
    assert re.findall(r"(?:alias|root) (\S+);", text) == ["/srv/stylesim/static/"]
    assert "media" not in text


def test_gunicorn_has_threads_and_limits():
    settings = runpy.run_path(str(GUNICORN))
    assert settings["worker_class"] == "gthread"
    assert settings["threads"] > 1
    assert 0 < settings["graceful_timeout"] <= settings["timeout"] <= 120
    assert settings["umask"] == 0o077
