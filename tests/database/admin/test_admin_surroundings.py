"""The choice of the part of a picture that is compared."""

from __future__ import annotations

import pytest
from django.urls import reverse

from stylesim_app.models import Artwork, IndexEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> IndexEntry:
    work = Artwork.objects.create(title="Chart", image="artworks/chart.jpg")
    return IndexEntry.objects.update_or_create(artwork=work, defaults={"state": "indexed"})[0]


def choose(client, entry, **values):
    address = reverse("admin:stylesim_app_artwork_surroundings", args=[entry.artwork_id])
    answer = client.post(address, values)
    entry.refresh_from_db()
    return answer


def test_a_choice_is_kept_and_requests_indexing(admin_client, entry):
    choose(admin_client, entry, choice="chosen", left=0.1, top=0.2, width=0.5, height=0.5)
    assert (entry.chosen_box, entry.state) == ([0.1, 0.2, 0.5, 0.5], "pending")
    choose(admin_client, entry, choice="none")
    assert entry.chosen_box == [0, 0, 1, 1]
    choose(admin_client, entry, choice="automatic")
    assert entry.chosen_box is None


def test_a_box_outside_is_refused(admin_client, entry):
    answer = choose(admin_client, entry, choice="chosen", left=0.8, top=0, width=0.5, height=1)
    assert (answer.status_code, entry.state) == (200, "indexed")


def test_strangers_may_not_choose(client, django_user_model, entry):
    client.force_login(django_user_model.objects.create_user("guest", is_staff=True))
    assert choose(client, entry, choice="none").status_code == 403
    assert entry.chosen_box is None
