"""Geometric verification: whether two pictures show the same, and how one lies in the other."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from . import transforms
from .features import LONG_SIDE, LocalFeatures
from .matching import (
    NO_MATCHES,
    Matches,
    agree_on_a_pose,
    angle_between,
    match_features,
    match_one_to_one,
    measure_distances,
)

#: Fewest matches that a transform is fitted to, and fewest inliers of a verification.
FEWEST = 4
FEWEST_FOR_HOMOGRAPHY = 8
#: How far an inlier's features may lie from where the transform puts them: pixels of the query,
#: octaves, degrees, and distance of the descriptors.
PIXELS, OCTAVES, DEGREES, DISTANCE = 0.01 * LONG_SIDE, 0.5, 20.0, 0.75
#: Limits of a transform: scale, either way; unequal scales at one place; between places.
LARGEST_SCALE, LARGEST_STRETCH, LARGEST_CHANGE = 10.0, 2.5, 3.0
#: Least share of either picture that the inliers must spread over.
LEAST_SPREAD = 0.002

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Verification:
    """How the picture of a candidate lies in a query.

    ``inliers`` counts pairs of features that agree; no feature counts twice. ``transform`` ``(3,
    3)`` maps relative coordinates of the candidate, 0 to 1 of its width and height, to those of
    the query. The query shows the candidate ``mirrored`` or not, left and right exchanged, and
    then ``turned`` clockwise by degrees, -180 to 180. ``scale`` is the candidate's long side as it
    appears in the query, as a share of the query's; ``stretch`` the ratio of the larger scale to
    the smaller, 1 or more. ``covered`` is the share of the candidate that the query shows.
    ``candidate_region`` and ``query_region`` are the same polygon ``(n, 2)`` on both pictures, in
    relative coordinates.
    """

    inliers: int
    transform: FloatArray
    mirrored: bool
    turned: float
    scale: float
    stretch: float
    covered: float
    candidate_region: FloatArray
    query_region: FloatArray


def verify(
    query: LocalFeatures, candidate: LocalFeatures, mirrored: bool = False
) -> Verification | None:
    """Find the transform of a candidate into a query on which most features agree.

    With ``mirrored``, ``query`` are the features of the query's mirror image, and the result is
    that of the query itself. None if there is no transform, or only a degenerate one.
    """
    distances = measure_distances(query, candidate)
    group = agree_on_a_pose(query, candidate, match_features(distances))
    best: FloatArray | None = None
    inliers = NO_MATCHES
    # A similarity, a homography of the same matches, and one of all that the better explains.
    for fit in (_fit_similarity, _fit_homography, _fit_homography):
        matrix = fit(query, candidate, group)
        if matrix is None or is_degenerate(matrix, candidate):
            continue
        explained = _find_inliers(query, candidate, distances, matrix)
        if len(explained) > len(inliers):
            best, inliers = matrix, explained
        if fit is _fit_homography:
            group = inliers
    if best is None or len(inliers) < FEWEST or not _is_spread(query, candidate, inliers):
        return None
    return _describe(query, candidate, best, len(inliers), mirrored)


def is_degenerate(matrix: FloatArray, candidate: LocalFeatures) -> bool:
    """Return whether a transform of the candidate is none that a camera or an editor would make.

    That is: its horizon crosses the picture, it turns the picture over, it enlarges or reduces too
    much, or unequally, in one direction or between places.
    """
    frame = transforms.frame_of(candidate.width, candidate.height)
    if not np.isfinite(matrix).all() or (transforms.depths(matrix, frame) <= 1e-6).any():
        return True
    if not transforms.is_convex(transforms.apply_transform(matrix, frame)):
        return True
    scales = np.linalg.svd(transforms.jacobians(matrix, frame), compute_uv=False)
    overall = np.sqrt(scales.prod(axis=1))
    return bool(
        (scales[:, 0] > LARGEST_STRETCH * scales[:, 1]).any()
        or overall.max() > LARGEST_CHANGE * overall.min()
        or overall.max() > LARGEST_SCALE
        or overall.min() < 1 / LARGEST_SCALE
    )


def _fit_similarity(
    query: LocalFeatures, candidate: LocalFeatures, matches: Matches
) -> FloatArray | None:
    if len(matches) < FEWEST:
        return None
    source, target = candidate.points[matches.candidate], query.points[matches.query]
    matrix, _ = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=2 * PIXELS, maxIters=500
    )
    return None if matrix is None else np.vstack([matrix, [0.0, 0.0, 1.0]])


def _fit_homography(
    query: LocalFeatures, candidate: LocalFeatures, matches: Matches
) -> FloatArray | None:
    if len(matches) < FEWEST_FOR_HOMOGRAPHY:
        return None
    source, target = candidate.points[matches.candidate], query.points[matches.query]
    matrix, _ = cv2.findHomography(source, target, cv2.USAC_MAGSAC, PIXELS, maxIters=1000)
    return None if matrix is None or abs(matrix[2, 2]) < 1e-9 else matrix / matrix[2, 2]


def _find_inliers(
    query: LocalFeatures,
    candidate: LocalFeatures,
    distances: NDArray[np.float32],
    matrix: FloatArray,
) -> Matches:
    """Return all pairs that a transform explains, whether they were matched before or not."""
    places = transforms.apply_transform(matrix, candidate.points)
    derivatives = transforms.jacobians(matrix, candidate.points)
    octaves = np.log2(candidate.sizes) + np.log2(np.abs(np.linalg.det(derivatives))) / 2
    angles = np.radians(candidate.angles)
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    turned = np.einsum("nij,nj->ni", derivatives, directions)
    degrees = np.degrees(np.arctan2(turned[:, 1], turned[:, 0]))
    # A query feature a row, a candidate's a column.
    allowed = np.hypot(*(query.points[:, None] - places).transpose(2, 0, 1)) < PIXELS
    allowed &= np.abs(np.log2(query.sizes)[:, None] - octaves) < OCTAVES
    allowed &= angle_between(query.angles[:, None], degrees) < DEGREES
    allowed &= distances < DISTANCE
    inliers = match_one_to_one(distances, allowed)
    # A place with several directions counts once.
    _, first = np.unique(np.rint(candidate.points[inliers.candidate]), axis=0, return_index=True)
    return inliers.select(first)


def _is_spread(query: LocalFeatures, candidate: LocalFeatures, inliers: Matches) -> bool:
    for features, chosen in ((query, inliers.query), (candidate, inliers.candidate)):
        hull = cv2.convexHull(features.points[chosen])
        if cv2.contourArea(hull) < LEAST_SPREAD * features.width * features.height:
            return False
    return True


def _describe(
    query: LocalFeatures, candidate: LocalFeatures, matrix: FloatArray, inliers: int, mirrored: bool
) -> Verification:
    frame = transforms.frame_of(candidate.width, candidate.height)
    placed = transforms.apply_transform(matrix, frame)
    shown = transforms.clip_to_frame(placed, query.width, query.height)
    source = transforms.apply_transform(np.linalg.inv(matrix).astype(np.float64), shown)
    covered = transforms.area_of(source) / transforms.area_of(frame)

    centre: FloatArray = frame.mean(axis=0, keepdims=True)
    derivative = transforms.jacobians(matrix, centre)[0]
    left, scales, right = np.linalg.svd(derivative)
    turn = left @ right
    turned = float(np.degrees(np.arctan2(turn[1, 0], turn[0, 0])))
    long_sides = max(candidate.width, candidate.height) / max(query.width, query.height)

    to_query = np.diag([1 / query.width, 1 / query.height, 1.0])
    if mirrored:
        # Turning the mirror image one way is turning the picture the other way.
        turned = -turned
        to_query = np.array([[-1.0, 0, 1], [0, 1, 0], [0, 0, 1]]) @ to_query
    relative = to_query @ matrix @ np.diag([candidate.width, candidate.height, 1.0])
    return Verification(
        inliers=inliers,
        transform=relative / relative[2, 2],
        mirrored=mirrored,
        turned=turned,
        scale=float(np.sqrt(scales.prod())) * long_sides,
        stretch=float(scales[0] / scales[1]),
        covered=float(np.clip(covered, 0, 1)),
        candidate_region=source / (candidate.width, candidate.height),
        query_region=transforms.apply_transform(to_query, shown),
    )
