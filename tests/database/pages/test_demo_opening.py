"""The work that the demo opens on."""

from __future__ import annotations

from dataclasses import replace

from project.demo import opening
from stylesim_app.models import Artwork


def test_a_collection_opens_on_the_work_whose_nearest_are_closest(collection):
    answer = opening.rank()
    assert answer is not None
    others = [opening._rank(work, Artwork.objects.all()) for work in Artwork.objects.all()]
    assert answer.query.pk in collection_keys(collection)
    assert opening._convincing(answer) == max(map(opening._convincing, others))
    assert "closest of your pictures" in opening.describe(answer)


def test_the_sample_gallery_opens_on_a_chosen_work_and_counts_what_is_seen(collection):
    Artwork.objects.update(collection="Sample gallery")
    chosen = Artwork.objects.filter(title="bars-c")
    chosen.update(extra={"subject": "cat", "manner": "ink-wash"})
    answer = opening.rank()
    assert answer is not None
    assert answer.query.title == "bars-c"
    same = [each for each in answer.results if each.artwork.artist == "Artist C"]
    assert opening.describe(answer).startswith(
        f"{len(same)} of these 10 works are by Artist C as well"
    )
    assert opening.describe(replace(answer, results=[])) == ""


def collection_keys(collection):
    return {work.pk for work in collection.values()}
