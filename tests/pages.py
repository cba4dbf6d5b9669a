"""Shared parts of the tests of the pages."""

from __future__ import annotations

import html
import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from . import pictures

TRUNCATED = pictures.png()[:900]
BAD_FILES = {
    "empty": ("a.jpg", b"", "The file is empty."),
    "text": ("a.jpg", b"just words", "The file is not an image in one of these formats"),
    "svg": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "The file is not an image"),
    "html": ("a.png", b"<script>alert(1)</script>", "The file is not an image"),
    "truncated": ("a.png", TRUNCATED, "a part of the file is missing"),
}


def page(client, name, *args, status=200, **query):
    """The text of a page, its entities resolved."""
    return page_at(client, reverse(f"stylesim:{name}", args=args), status, query)


def page_at(client, address, status=200, query=None):
    """The text of the page at an address, its entities resolved."""
    response = client.get(address, query)
    assert response.status_code == status, response.status_code
    return html.unescape(re.sub(r"\s+", " ", response.content.decode()))


def titles(text):
    return re.findall(r'<a href="/artworks/[^"]+/[^"]*">([^<]+)</a>', text)


def upload_of(name="disc-a", file_name="a.png"):
    return SimpleUploadedFile(file_name, pictures.png(name))
