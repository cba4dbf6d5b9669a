"""The benchmark of false alarms counts queries by the inliers of their worst work."""

from __future__ import annotations

from benchmarks.same_picture_false_alarms import Worst, count_alarms, list_same_pictures


def test_queries_with_so_many_inliers_or_more_are_counted():
    searches = [Worst(inliers, "query", "work") for inliers in (7, 8, 9, 9, 40)]
    stored = [Worst(inliers, "query", "work") for inliers in (0, 8, 30)]
    rows = {row["inliers"]: row for row in count_alarms(searches, stored)}
    assert list(rows) == list(range(8, 31))
    assert rows[8] == {"inliers": 8, "searches": 4, "stored works": 2}
    assert rows[9] == {"inliers": 9, "searches": 3, "stored works": 1}
    assert rows[10] == {"inliers": 10, "searches": 1, "stored works": 1}
    assert rows[30] == {"inliers": 30, "searches": 1, "stored works": 1}


def test_pairs_of_the_lists_of_near_duplicates_are_known_both_ways(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLESIM_BENCH_DATA", str(tmp_path))
    monkeypatch.setattr("benchmarks.same_picture_false_alarms.SETS", {"works": None})
    (tmp_path / "works").mkdir()
    (tmp_path / "works" / "near_duplicates.csv").write_text("file_a,file_b\na.jpg,b.jpg\n")
    same = list_same_pictures()
    assert same["works/a.jpg"] == {"works/b.jpg"}
    assert same["works/b.jpg"] == {"works/a.jpg"}
