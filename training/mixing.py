"""One picture in the manner of another: colours and textures moved by their statistics.

A cheap stand-in for style transfer, of the kind of Heeger and Bergen (1995): each band of a
Laplacian pyramid of one picture is given the mean and the covariance of colours of the other's.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

BANDS = 4


def mix(contents: Tensor, styles: Tensor) -> Tensor:
    """Return ``(B, 3, S, S)`` in [0, 1], the first pictures in the manner of the second."""
    bands = zip(_pyramid(contents), _pyramid(styles), strict=True)
    mixed, *finer = [_match(content, style) for content, style in reversed(list(bands))]
    for band in finer:
        mixed = _enlarge(mixed, band.shape[-1]) + band
    return mixed.clamp(0, 1)


def _pyramid(pictures: Tensor) -> list[Tensor]:
    """Return bands from fine to coarse, the last being the rest.

    Enlarged and summed they are the picture.
    """
    bands = []
    for _ in range(BANDS - 1):
        smaller = F.avg_pool2d(pictures, 2)
        bands.append(pictures - _enlarge(smaller, pictures.shape[-1]))
        pictures = smaller
    return [*bands, pictures]


def _enlarge(band: Tensor, size: int) -> Tensor:
    return F.interpolate(band, size=(size, size), mode="bilinear", align_corners=False)


def _match(band: Tensor, like: Tensor) -> Tensor:
    """Return the band with the mean and the covariance between colours of the other."""
    mean, root, _ = _statistics(like)
    own_mean, _, inverse = _statistics(band)
    centred = band.flatten(2) - own_mean
    return (root @ (inverse @ centred) + mean).view_as(band)


def _statistics(band: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return mean ``(B, 3, 1)``, root of the covariance and its inverse, ``(B, 3, 3)``."""
    flat = band.flatten(2)
    mean = flat.mean(dim=2, keepdim=True)
    centred = flat - mean
    covariance = centred @ centred.transpose(1, 2) / flat.shape[2]
    values, vectors = torch.linalg.eigh(covariance + 1e-5 * torch.eye(3))
    scale = values.clamp(min=1e-5).sqrt()
    root = vectors @ (scale[:, :, None] * vectors.transpose(1, 2))
    inverse = vectors @ (vectors.transpose(1, 2) / scale[:, :, None])
    return mean, root, inverse
