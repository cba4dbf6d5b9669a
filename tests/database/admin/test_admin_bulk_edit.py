"""Facts of chosen works, changed at once after a confirmation."""

from __future__ import annotations

from auditlog.models import LogEntry

from stylesim_app.models import Artwork
from tests.admin_pages import LIST, act, messages_of


def edit(client, works, step="", **facts):
    ticks = {f"set_{name}": "on" for name in facts}
    sent = {**ticks, **facts, **({step: "1"} if step else {})}
    selected = [work.pk for work in works]
    action = {"action": "edit_facts", "_selected_action": selected}
    return client.post(LIST, {**action, **sent}, follow=True)


def test_only_ticked_facts_change_once_confirmed(staff_client, make_artwork):
    first = make_artwork("disc-a", medium="oil", collection="Old")
    second = make_artwork("disc-b", medium="ink", year="1700", collection="New")
    other = make_artwork("disc-c")
    LogEntry.objects.all().delete()
    facts = {"collection": "New", "year": "1889", "is_public": "yes"}
    form = edit(staff_client, [first, second])
    assert "Set facts of 2 works" in form.content.decode()
    shown = edit(staff_client, [first, second], "shown", **facts)
    assert "2 works change:" in shown.content.decode()
    assert not LogEntry.objects.exists()
    done = edit(staff_client, [first, second], "confirmed", **facts)
    assert messages_of(done) == ["2 works were changed."]
    found = Artwork.objects.order_by("pk").values_list(
        "collection", "year", "year_number", "medium"
    )
    assert list(found) == [
        ("New", "1889", 1889, "oil"),
        ("New", "1889", 1889, "ink"),
        (other.collection, other.year, int(other.year), ""),
    ]
    assert sorted(LogEntry.objects.values_list("object_id", flat=True)) == [first.pk, second.pk]
    assert Artwork.objects.filter(stylesim_keys__earliest=1889).count() == 2


def test_works_that_have_the_values_are_left_alone(staff_client, make_artwork):
    first, second = make_artwork("disc-a", artist="Ann"), make_artwork("disc-b", artist="Bea")
    shown = edit(staff_client, [first, second], "shown", artist="Ann")
    assert [work.pk for work in shown.context["works"]] == [second.pk]
    LogEntry.objects.all().delete()
    assert messages_of(edit(staff_client, [first, second], "confirmed", artist="Ann")) == [
        "1 work was changed."
    ]
    assert [entry.object_id for entry in LogEntry.objects.all()] == [second.pk]


def test_a_fact_is_emptied_only_if_it_is_ticked(staff_client, make_artwork):
    artwork = make_artwork("disc-a", artist="Ann", medium="oil")
    act(staff_client, "edit_facts", [artwork], confirmed="1", set_medium="on", medium="", artist="")
    artwork.refresh_from_db()
    assert (artwork.artist, artwork.medium) == ("Ann", "")
    nothing = act(staff_client, "edit_facts", [artwork], confirmed="1", artist="Bea")
    assert "Tick at least one fact" in nothing.content.decode()
    long = act(staff_client, "edit_facts", [artwork], confirmed="1", set_year="on", year="1" * 101)
    assert long.context["form"].errors["year"]
    artwork.refresh_from_db()
    assert artwork.artist == "Ann"


def test_going_back_keeps_what_was_entered(staff_client, make_artwork):
    artwork = make_artwork("disc-a")
    page = edit(staff_client, [artwork], "back", artist="Somebody else")
    assert 'value="Somebody else"' in page.content.decode()
    assert not page.context["confirming"]


def test_the_action_needs_the_permission_to_change(staff_client, staff, make_artwork):
    artwork = make_artwork("disc-a")
    staff.user_permissions.remove(*staff.user_permissions.filter(codename="change_artwork"))
    edit(staff_client, [artwork], "confirmed", artist="Bea")
    artwork.refresh_from_db()
    assert artwork.artist == "Artist A"
    assert "edit_facts" not in staff_client.get(LIST).content.decode()
