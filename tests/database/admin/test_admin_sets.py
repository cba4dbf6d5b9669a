"""Sets in the admin: listed, never changed; and deletions that concern them."""

from __future__ import annotations

from django.urls import reverse

from stylesim_app.models import Artwork, Selection
from stylesim_app.selections import keeping

LIST = reverse("admin:stylesim_app_selection_changelist")


def test_sets_are_listed_and_not_changed(staff_client, django_user_model, make_artwork):
    owner = django_user_model.objects.create_user("anna")
    made = keeping.create(owner, "Irises", keys=[make_artwork().pk, make_artwork("bars-a").pk])
    keeping.share(made)
    text = staff_client.get(LIST).content.decode()
    assert "Irises" in text
    assert '<td class="field-works">2</td>' in text
    record = staff_client.get(f"{LIST}{made.pk}/change/")
    assert record.status_code == 200
    assert str(made.share_token) not in record.content.decode()
    assert "_save" not in record.content.decode()
    assert staff_client.get(f"{LIST}add/").status_code == 403


def test_an_account_and_an_artwork_are_deleted_where_sets_hold_them(
    admin_client, django_user_model, make_artwork, settings
):
    settings.STYLESIM_TRASH_DAYS = 0
    owner = django_user_model.objects.create_user("anna")
    work = make_artwork()
    made = keeping.create(owner, "Secret name", keys=[work.pk])
    address = reverse("admin:stylesim_app_artwork_delete", args=[work.pk])
    assert "Secret name" not in admin_client.get(address).content.decode()
    admin_client.post(address, {"post": "yes"})
    assert not Artwork.objects.exists()
    assert made.items.count() == 0
    admin_client.post(reverse("admin:auth_user_delete", args=[owner.pk]), {"post": "yes"})
    assert not Selection.objects.exists()
