"""The share of searches that would be false alarms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stylesim_app.core.same_picture.false_alarms import ALARMS, QUERIES, false_alarm_rate

MEASURED = Path(__file__).parents[3] / "docs" / "benchmarks" / "same_picture_false_alarms.json"


def test_the_table_is_what_the_benchmark_measured():
    figures = json.loads(MEASURED.read_text())["figures"]
    counts = {row["inliers"]: row["searches"] for row in figures}
    assert {inliers: count for inliers, count in counts.items() if count} == ALARMS


@pytest.mark.parametrize("inliers", ALARMS)
def test_one_query_is_added_to_both_sides(inliers):
    assert false_alarm_rate(inliers) == pytest.approx((ALARMS[inliers] + 1) / (QUERIES + 1))


def test_more_inliers_are_never_more_common_and_none_is_impossible():
    rates = [false_alarm_rate(inliers) for inliers in range(300)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 1
    assert rates[-1] == pytest.approx(1 / (QUERIES + 1))
