"""Shared parts of the tests of the admin: URLs, actions of staff, and texts of pages."""

from __future__ import annotations

import re

from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor, WorkItem
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar

LIST = "/admin/stylesim_app/artwork/"
SIMILAR = f"{LIST}similar/"
ENTRIES = "/admin/stylesim_app/indexentry/"


def fail(artwork, code="image_broken", **params):
    reason = "The image is damaged or incomplete and cannot be opened. (cut short)"
    IndexEntry.objects.update_or_create(
        artwork=artwork,
        defaults={
            "state": WorkItem.State.FAILED,
            "attempts": 3,
            "error": reason,
            "error_code": code,
            "error_params": params or {"reason": "cut short"},
        },
    )
    StoredDescriptor.objects.filter(entry__artwork=artwork).delete()


def act(client, name, artworks, address=LIST, **extra):
    selected = [item.pk for item in artworks]
    return client.post(address, {"action": name, "_selected_action": selected, **extra})


def ranked_titles(html):
    """Titles of the results, in order, by section."""
    sections = re.split(r'<ol class="stylesim-results">', html)[1:]
    return [re.findall(r"\d+\. ([a-z]+-[abc])", section) for section in sections]


def titles_of(artwork, **options):
    works = Artwork.objects.all()
    answer = find_similar(artwork, RankingOptions(**options), works, works)
    return [result.artwork.title for result in answer.results]


def messages_of(response):
    return [str(message) for message in response.context["messages"]]
