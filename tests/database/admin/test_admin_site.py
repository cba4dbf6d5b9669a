"""The admin of the site: its name, the groups of its index, and a record that waits."""

from __future__ import annotations

from stylesim_app.models import IndexEntry
from tests.admin_pages import LIST


def test_the_admin_bears_the_name_of_the_site(staff_client, settings):
    settings.SITE_NAME = "Musée Blanc"
    html = staff_client.get("/admin/").content.decode()
    assert "Musée Blanc" in html
    assert "Django" not in html


def test_internals_are_apart_from_the_collection(admin_client):
    groups = {
        group["name"]: [model["name"] for model in group["models"]]
        for group in admin_client.get("/admin/").context["app_list"]
    }
    assert next(iter(groups)) == "Collection"
    assert list(groups)[-1] == "Index and system"
    assert groups["Collection"] == ["Artworks", "Closest pairs"]
    internal = groups["Index and system"]
    assert {"Calibrations", "Index entries", "API tokens"} <= {str(name) for name in internal}
    assert admin_client.get("/admin/stylesim_app/").status_code == 200


def test_those_who_may_not_view_artworks_see_no_link_to_pairs(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("guest", is_staff=True))
    assert "Closest pairs" not in client.get("/admin/").content.decode()


def test_every_link_of_a_filter_has_a_text(staff_client, make_artwork):
    make_artwork("disc-a", collection="")
    make_artwork("bars-a", collection="Prints")
    html = staff_client.get(LIST).content.decode()
    assert '">(empty)</a>' in html.replace("\n", "").replace("    ", "")
    found = staff_client.get(f"{LIST}?collection=").context["cl"].queryset
    assert [work.title for work in found] == ["disc-a"]


def test_a_record_polls_until_its_picture_is_indexed(staff_client, make_artwork, index_artwork):
    artwork = make_artwork("disc-a")
    address = f"{LIST}{artwork.pk}/change/"
    IndexEntry.objects.filter(artwork=artwork).delete()
    waiting = staff_client.get(address).content.decode()
    assert "data-stylesim-poll" in waiting
    assert 'role="status"' in waiting
    index_artwork(artwork, "disc-a")
    assert "data-stylesim-poll" not in staff_client.get(address).content.decode()


def test_same_pictures_lead_to_their_records(staff_client, stored_matches):
    originals, copy = stored_matches
    html = staff_client.get(f"{LIST}{originals[0].pk}/change/").content.decode()
    panel = html.partition('class="same-picture')[2].partition("</section>")[0]
    assert f'href="{LIST}{copy.pk}/change/"' in panel
    assert f'href="{copy.get_absolute_url()}"' not in panel
    # Sets are kept on the pages of the site.
    assert 'type="checkbox"' not in panel
