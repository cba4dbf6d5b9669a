"""Simulated views of paintings by a camera, a scanner, a printer or a copyist.

A view shows the plane in which the picture hangs, through one homography, so that crop, scale,
mirror, rotation and perspective are one resampling. Beyond the picture's edge is its frame, and
beyond that the wall. Colour is one affine map a view. Everything is batched.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from PIL import Image
from torch import Tensor

_LUMINANCE = torch.tensor([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Strength:
    """The strength of changes. Shares are of views; scales are of a picture's side."""

    #: Least and greatest side of the visible part; above 1 shows frame and wall.
    least_side: float
    greatest_side: float
    #: Largest factor between the aspect ratios of that part and of the picture.
    aspect: float
    #: Share that is mirrored.
    mirrored: float
    #: Largest rotation in radians, and largest shift of a corner by perspective.
    turn: float
    perspective: float
    #: Deviations of brightness, contrast, saturation, colour cast and hue (radians).
    brightness: float
    contrast: float
    saturation: float
    cast: float
    hue: float
    #: Shares without colour, blurred, noisy, with glare, and coded as JPEG.
    grey: float
    blur: float
    noise: float
    glare: float
    jpeg: float


def see(pictures: Tensor, size: int, strength: Strength, random: torch.Generator) -> Tensor:
    """Draw one view of each picture: ``(B, 3, S, S)`` to ``(B, 3, size, size)``, both in [0, 1]."""
    plane = _sample_homographies(len(pictures), strength, random)
    views = _look(pictures, plane, size, random)
    views = _recolour(views, strength, random)
    views = _light(views, strength.glare, random)
    views = _blur(views, strength.blur, random)
    views = _add_noise(views, strength.noise, random)
    return _code(views.clamp(0, 1), strength.jpeg, random)


def uniform(
    random: torch.Generator, count: int, low: float = 0.0, high: float = 1.0, *shape: int
) -> Tensor:
    """Return numbers drawn evenly between two, ``(count, *shape)``."""
    return low + (high - low) * torch.rand(count, *shape, generator=random)


def chosen(random: torch.Generator, count: int, share: float) -> Tensor:
    """Return the positions of a random ``share`` of ``count``."""
    return (torch.rand(count, generator=random) < share).nonzero()[:, 0]


def _sample_homographies(count: int, strength: Strength, random: torch.Generator) -> Tensor:
    """Sample homographies from the view's square [-1, 1] to the picture's, ``(count, 3, 3)``."""
    log_least, log_greatest = math.log(strength.least_side), math.log(strength.greatest_side)
    side = uniform(random, count, log_least, log_greatest).exp()
    stretch = uniform(random, count, -1, 1).mul(math.log(strength.aspect) / 2).exp()
    width, height = side * stretch, side / stretch
    # A part smaller than the picture lies within it, a larger one around it.
    shift_x = uniform(random, count, -1, 1) * (1 - width).abs()
    shift_y = uniform(random, count, -1, 1) * (1 - height).abs()
    mirror = torch.ones(count)
    mirror[chosen(random, count, strength.mirrored)] = -1
    turn = uniform(random, count, -strength.turn, strength.turn)
    tilt = uniform(random, count, -strength.perspective, strength.perspective, 2)
    plane = torch.zeros(count, 3, 3)
    plane[:, 0, 0], plane[:, 0, 1] = width * turn.cos() * mirror, -width * turn.sin()
    plane[:, 1, 0], plane[:, 1, 1] = height * turn.sin() * mirror, height * turn.cos()
    plane[:, 0, 2], plane[:, 1, 2] = shift_x, shift_y
    plane[:, 2, :2], plane[:, 2, 2] = tilt, 1
    return plane


def _look(pictures: Tensor, plane: Tensor, size: int, random: torch.Generator) -> Tensor:
    """Resample pictures through homographies, with frame and wall beyond their edges."""
    count = len(pictures)
    steps = (torch.arange(size) + 0.5) / size * 2 - 1
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    points = torch.stack([x, y, torch.ones_like(x)]).flatten(1)
    points = plane @ points
    points = (points[:, :2] / points[:, 2:]).view(count, 2, size, size)
    views = torch.empty(count, 3, size, size)
    # Each view is taken from the picture halved as often as keeps its pixels apart.
    spread = plane[:, :2, :2].det().abs().sqrt() * pictures.shape[-1] / size
    levels = spread.clamp(min=1).log2().add(0.3).floor().clamp(max=3).int()
    for level in set(levels.tolist()):
        at = (levels == level).nonzero()[:, 0]
        source = F.avg_pool2d(pictures[at], 2**level) if level else pictures[at]
        grid = points[at].permute(0, 2, 3, 1)
        views[at] = F.grid_sample(source, grid, padding_mode="border", align_corners=False)
    beyond = points.abs().amax(dim=1)
    at = (beyond.amax(dim=(1, 2)) > 1).nonzero()[:, 0]
    if len(at):
        views[at] = _hang(views[at], beyond[at], points[at], random)
    return views


def _hang(views: Tensor, beyond: Tensor, points: Tensor, random: torch.Generator) -> Tensor:
    """Draw frame and wall where ``beyond``, the distance from the centre, is above 1."""
    count = len(views)
    wall = uniform(random, count, 0.15, 1, 1, 1, 1) + uniform(random, count, -0.08, 0.08, 3, 1, 1)
    slope = uniform(random, count, -0.12, 0.12, 2, 1, 1)
    wall = wall + (points * slope).sum(dim=1, keepdim=True)
    frame = uniform(random, count, 0, 0.9, 3, 1, 1)
    grey = chosen(random, count, 0.5)
    frame[grey] = frame[grey].mean(dim=1, keepdim=True)
    # The profile of a frame is a wave or two across its width; some pictures hang without one.
    width = uniform(random, count, -0.06, 0.3, 1, 1, 1).clamp(min=1e-6)
    across = (beyond[:, None] - 1) / width
    waves = uniform(random, count, 0, 3, 1, 1, 1)
    depth = uniform(random, count, 0, 0.4, 1, 1, 1)
    frame = frame * (1 + depth * torch.sin(2 * math.pi * waves * across))
    # The frame's shadow on the wall.
    shade = 1 - uniform(random, count, 0, 0.5, 1, 1, 1) * torch.exp(-(across - 1).clamp(min=0) * 2)
    around = torch.where(across <= 1, frame, wall * shade)
    return torch.where(beyond[:, None] > 1, around, views)


def _recolour(views: Tensor, strength: Strength, random: torch.Generator) -> Tensor:
    count = len(views)
    saturation = torch.exp(strength.saturation * torch.randn(count, generator=random))
    saturation[chosen(random, count, strength.grey)] = 0
    hue = strength.hue * torch.randn(count, generator=random)
    contrast = torch.exp(strength.contrast * torch.randn(count, generator=random))
    cast = torch.exp(strength.cast * torch.randn(count, 3, generator=random))
    brightness = strength.brightness * torch.randn(count, 1, 1, 1, generator=random)
    mixing = _turn_hue(hue) @ _saturate(saturation)
    mixing = contrast[:, None, None] * cast[:, :, None] * mixing
    mean = views.mean(dim=(2, 3), keepdim=True)
    return (
        torch.einsum("bij,bjhw->bihw", mixing, views - mean)
        + brightness
        + (torch.einsum("bij,bjhw->bihw", cast[:, :, None] * _saturate(saturation), mean))
    )


def _saturate(factor: Tensor) -> Tensor:
    """Return ``(B, 3, 3)`` that move colours towards luminance (0) or away (above 1)."""
    grey = _LUMINANCE.expand(3, 3)
    return grey + factor[:, None, None] * (torch.eye(3) - grey)


def _turn_hue(angle: Tensor) -> Tensor:
    """Return a rotation about the axis of greys, by Rodrigues' formula, ``(B, 3, 3)``."""
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    return cosine * torch.eye(3) + (1 - cosine) / 3 + sine * cross


def _light(views: Tensor, share: float, random: torch.Generator) -> Tensor:
    """Add glare: a soft bright spot at a random place."""
    at = chosen(random, len(views), share)
    steps = torch.linspace(-1, 1, views.shape[-1])
    y, x = torch.meshgrid(steps, steps, indexing="ij")
    centre = uniform(random, len(at), -1, 1, 2, 1, 1)
    radius = uniform(random, len(at), 0.15, 0.7, 1, 1)
    spot = torch.exp(-((x - centre[:, 0]) ** 2 + (y - centre[:, 1]) ** 2) / radius**2)
    power = uniform(random, len(at), 0.1, 0.6, 1, 1, 1)
    views[at] = views[at] + power * spot[:, None]
    return views


def _blur(views: Tensor, share: float, random: torch.Generator) -> Tensor:
    at = chosen(random, len(views), share)
    if not len(at):
        return views
    deviation = uniform(random, len(at), 0.3, 1.5)
    steps = torch.arange(-3.0, 4.0)
    kernel = torch.exp(-0.5 * (steps / deviation[:, None]) ** 2)
    kernel = (kernel / kernel.sum(dim=1, keepdim=True)).repeat_interleave(3, dim=0)[:, None, None]
    planes = F.pad(views[at], (3, 3, 3, 3), mode="reflect").flatten(0, 1)[None]
    planes = F.conv2d(planes, kernel, groups=planes.shape[1])
    planes = F.conv2d(planes, kernel.transpose(2, 3), groups=planes.shape[1])
    views[at] = planes.view(views[at].shape)
    return views


def _add_noise(views: Tensor, share: float, random: torch.Generator) -> Tensor:
    """Add normal noise to all pixels, or impulses to some."""
    at = chosen(random, len(views), share)
    half = len(at) // 2
    normal, impulses = at[:half], at[half:]
    deviation = uniform(random, len(normal), 0.01, 0.1, 1, 1, 1)
    noise = torch.randn(views[normal].shape, generator=random)
    views[normal] = views[normal] + deviation * noise
    drawn = torch.rand(len(impulses), 1, *views.shape[2:], generator=random)
    rate = uniform(random, len(impulses), 0.01, 0.12, 1, 1, 1)
    value = torch.rand(views[impulses].shape, generator=random).round()
    views[impulses] = torch.where(drawn < rate, value, views[impulses])
    return views


def _code(views: Tensor, share: float, random: torch.Generator) -> Tensor:
    """Encode as JPEG and decode again, at a quality of 20 to 90."""
    at = chosen(random, len(views), share)
    qualities = uniform(random, len(at), 20, 90).int().tolist()
    for index, quality in zip(at.tolist(), qualities, strict=True):
        pixels = views[index].mul(255).round().byte().permute(1, 2, 0).numpy()
        coded = io.BytesIO()
        Image.fromarray(pixels).save(coded, "JPEG", quality=quality)
        decoded = np.asarray(Image.open(coded))
        views[index] = torch.from_numpy(decoded.copy()).permute(2, 0, 1).float().div(255)
    return views
