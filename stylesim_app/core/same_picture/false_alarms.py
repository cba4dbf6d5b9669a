"""False alarms: how often a search finds some work that shows another picture, by inliers.

Measured by ``python -m benchmarks same_picture_false_alarms``: each query was searched for among
all works but those that show the same picture.
"""

from __future__ import annotations

#: Queries, and the works that each was searched for among.
QUERIES, WORKS = 360, 1_810
#: Queries that had a wrong work with at least so many inliers; none had one with more.
ALARMS = {
    8: 103,
    9: 68,
    10: 47,
    11: 34,
    12: 25,
    13: 12,
    14: 9,
    15: 6,
    16: 5,
    17: 4,
    18: 2,
    19: 2,
    20: 1,
}


def false_alarm_rate(inliers: int) -> float:
    """Return the share of searches for a picture that is not there which find a work with at least
    so many inliers, above 0 and up to 1.

    One query is added to both sides: a sample cannot show that something is rarer than
    ``1 / (QUERIES + 1)``. Below the least number that was counted, the share is 1.
    """
    if inliers < min(ALARMS):
        return 1.0
    return (ALARMS.get(inliers, 0) + 1) / (QUERIES + 1)
