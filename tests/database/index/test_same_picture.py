"""The same picture among artworks: from upload to the matches on pages."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.template.loader import render_to_string

from stylesim_app.collection.decoders import Decoders
from stylesim_app.core import decoding
from stylesim_app.index import same_picture
from stylesim_app.models import Artwork, IndexEntry, PictureMatch, StoredFeatures
from stylesim_app.ranking.same_picture import SamePictures, list_same_pictures
from stylesim_app.work import worklist
from tests.same_pictures import png, upload, work
from tests.unit.same_picture import drawn

pytestmark = pytest.mark.django_db


def same(artwork: Artwork):
    return list_same_pictures(artwork, Artwork.objects.all())


def test_a_mirrored_crop_is_found_from_both_sides(matched_works):
    (original, *others), copy = matched_works
    [found] = same(copy).works
    assert found.artwork == original
    assert found.relation.mirrored
    assert found.relation.covered == pytest.approx(0.6, abs=0.03)
    assert found.relation.query_covered == pytest.approx(1, abs=0.03)
    [back] = same(original).works
    assert back.artwork == copy
    assert back.relation == found.relation.reversed()
    assert [same(other).works for other in others] == [[]] * 5


def test_each_pair_is_matched_once(matched_works):
    assert StoredFeatures.objects.filter(matched_at=None).count() == 0
    [match] = PictureMatch.objects.all()
    assert match.inliers >= same_picture.FEWEST_INLIERS


def test_two_workers_that_find_a_pair_at_once_store_one_row(matched_works, monkeypatch):
    (original, *_), copy = matched_works
    PictureMatch.objects.all().delete()
    one, other = (StoredFeatures.objects.get(entry__artwork=each) for each in (copy, original))
    found_by_one = same_picture.find

    def find_while_the_other_does(features):
        found = found_by_one(features)
        monkeypatch.setattr(same_picture, "find", found_by_one)
        same_picture._match(other)
        return found

    monkeypatch.setattr(same_picture, "find", find_while_the_other_does)
    same_picture._match(one)
    [match] = PictureMatch.objects.all()
    assert match.query_id > match.candidate_id
    [found], [back] = same(copy).works, same(original).works
    assert (found.artwork, back.artwork) == (original, copy)
    assert found.relation.covered == pytest.approx(0.6, abs=0.03)
    assert back.relation == found.relation.reversed()


def test_works_that_a_visitor_may_not_see_are_not_named(matched_works):
    (original, *_), copy = matched_works
    Artwork.objects.filter(pk=original.pk).update(is_public=False)
    found = list_same_pictures(copy, Artwork.objects.filter(is_public=True))
    assert found.works == []
    assert (found.compared, found.visible) == (6, 6)


def test_a_replaced_picture_has_new_matches(matched_works):
    (original, second, *_), copy = matched_works
    copy.image.save("other.png", ContentFile(png(drawn.draw(1).rotate(90, expand=True))))
    worklist.reconcile()
    assert same(copy) is None
    assert same(original).works == []
    work()
    [found] = same(copy).works
    assert found.artwork == second
    assert abs(found.relation.turned) == pytest.approx(90, abs=2)


def test_a_deleted_work_takes_its_matches_along(matched_works):
    (original, *_), copy = matched_works
    original.delete()
    assert same(copy).works == []
    third = upload(drawn.draw(0), "again")
    work()
    assert [each.artwork for each in same(third).works] == [copy]


def test_copies_of_a_file_come_first(matched_works):
    (original, *_), copy = matched_works
    twin = upload(drawn.draw(0), "twin")
    work()
    assert [each.artwork for each in same(twin).works] == [original, copy]
    assert [each.relation is None for each in same(twin).works] == [True, False]


def test_a_work_that_was_not_matched_when_the_worker_stopped_is_matched_later(matched_works):
    _, copy = matched_works
    PictureMatch.objects.all().delete()
    StoredFeatures.objects.filter(entry__artwork=copy).update(matched_at=None)
    assert same(copy) is None
    work()
    assert len(same(copy).works) == 1


def test_damaged_features_hurt_no_other_work(matched_works):
    (original, second, *_), copy = matched_works
    StoredFeatures.objects.filter(entry__artwork=original).update(record=b"nonsense")
    StoredFeatures.objects.update(matched_at=None)
    PictureMatch.objects.all().delete()
    same_picture._postings_of.cache_clear()
    assert same_picture.match_waiting(lambda: True)
    assert same(copy).works == []
    assert same(second).works == []


def test_postings_survive_in_the_cache(matched_works, monkeypatch):
    monkeypatch.setattr(same_picture, "SAVED_EVERY", 1)
    same_picture._postings_of.cache_clear()
    first = same_picture._postings()
    first.renew()
    same_picture._postings_of.cache_clear()
    again = same_picture._postings()
    assert sorted(again.inverted_file.work_keys()) == sorted(first.inverted_file.work_keys())
    assert len(list(again.folder.iterdir())) == 1


def test_without_opencv_a_picture_is_indexed_without_features(monkeypatch):
    monkeypatch.setattr(decoding, "has_opencv", lambda: False)
    # In this process, where it can be patched.
    monkeypatch.setattr(
        Decoders, "decode", lambda _, content, request, *_limits: decoding.decode(content, request)
    )
    artwork = upload(drawn.draw(0), "alone")
    work()
    assert IndexEntry.objects.get(artwork=artwork).state == "indexed"
    assert same(artwork) is None


@pytest.mark.parametrize("compared", [0, 7])
def test_that_nothing_was_found_is_claimed_only_of_works_that_were_compared(compared):
    found = SamePictures(query=None, works=[], compared=compared, visible=7)
    shown = render_to_string("stylesim_app/includes/same_picture.html", {"found": found})
    assert ("No work shows the same picture." in shown) is (compared > 0)
    assert f"{compared} of 7 works you can see were compared." in shown
