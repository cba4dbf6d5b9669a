"""By the water: a harbour, a ship in a storm, a stone bridge."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from project.demo.canvas import Canvas, Scene
from project.demo.paints import flat, level, linear, radial, upright
from project.demo.shapes import (
    Outline,
    Point,
    blob,
    box,
    curve,
    ellipse,
    mirrored,
    polygon,
    ribbon,
    ridge,
)


def harbour() -> Scene:
    """Draw sailing boats coming home before a low sun."""
    rng = np.random.default_rng(41)
    canvas = Canvas(640, 460)
    sea = 258.0
    canvas.ground(upright(0, sea, "#4a5a9c", "#b87aa4", "#f49a6a", "#ffd98c"))
    sun = (210.0, 214.0)
    canvas.fill(ellipse(*sun, 130, 110), flat("#fff0b0"), opacity=0.5, soft=24, part=False)
    canvas.fill(ellipse(*sun, 36, 36), radial(sun, 36, "#fffdf0", "#fff0a0"))
    for x, y, across in ((80.0, 90.0, 130.0), (330, 60, 150), (560, 110, 120), (420, 150, 90)):
        canvas.fill(blob(rng, x, y, across, 9, 0.2), flat("#f9b48c"), opacity=0.75, soft=2)
    coast = ridge(rng, [(-10, 226), (60, 206), (150, 240), (300, 254)], sea + 2, 4)
    canvas.fill(coast, flat("#6c5a8c"))
    canvas.fill(
        box(0, sea, 640, 460), upright(sea, 460, "#f7b878", "#a88aa8", "#3f5f94", "#22386c")
    )
    for row in range(26):
        y = sea + 3 + row * 7.6
        reach = 14 + row * 2.4
        x = sun[0] + float(rng.normal(0, 5 + row * 0.6))
        canvas.fill(ellipse(x, y, reach, 1.8), flat("#ffeeb0"), opacity=0.85)
    _quay(canvas, rng, sea)
    _boat(canvas, 128, 284, 0.46, "#f6d6a8", "#5a3a4c")
    _boat(canvas, 300, 292, 0.6, "#e9a878", "#5a2f3c")
    _boat(canvas, 424, 372, 1.5, "#fbeed2", "#a03a30")
    for _ in range(60):
        y = float(rng.uniform(270, 456))
        x, reach = float(rng.uniform(0, 640)), (y - 240) * float(rng.uniform(0.05, 0.2))
        canvas.fill(ellipse(x, y, reach, 1.3), flat("#f2c4a0"), opacity=0.5, part=False)
    return canvas.scene("Harbour at dusk")


def _quay(canvas: Canvas, rng: np.random.Generator, sea: float) -> None:
    canvas.fill(
        polygon((500, sea + 22), (640, sea + 34), (640, sea - 8), (500, sea)), flat("#5c4450")
    )
    walls = ("#c8785c", "#e0b07c", "#9a6a7c", "#d68f60", "#b8a08c")
    left = 504.0
    for wall in walls:
        right = left + float(rng.uniform(26, 36))
        eaves = sea - float(rng.uniform(62, 108))
        canvas.fill(box(left, eaves, right, sea + 6), level(left, right, wall, "#6c4a58"))
        roof = polygon((left - 3, eaves), ((left + right) / 2, eaves - 20), (right + 3, eaves))
        canvas.fill(roof, flat("#7a3438"))
        panes = [
            box(left + 6 + 11 * i, eaves + 10 + 20 * j, left + 12 + 11 * i, eaves + 19 + 20 * j)
            for i in range(2)
            for j in range(3)
        ]
        canvas.fill(panes, flat("#ffdf8a"))
        left = right


def _boat(canvas: Canvas, x: float, y: float, size: float, sail: str, hull: str) -> None:
    def at(*points: tuple[float, float]) -> Outline:
        return np.array([(x + size * px, y + size * py) for px, py in points])

    level_ = y + size * 10
    main = curve(
        at((4, -6), (2, -90), (5, -176), (26, -130), (58, -66), (86, -14), (44, -8)), steps=6
    )
    jib = curve(at((-4, -10), (-2, -90), (-5, -152), (-28, -90), (-66, -12), (-34, -6)), steps=6)
    body = curve(at((-74, 0), (-20, 5), (60, 3), (98, -6), (84, 16), (40, 24), (-40, 22)), steps=6)
    for shape in (main, jib):
        shade = flat("#e8c8a8")
        canvas.fill(mirrored(shape, level_ + size * 10, 0.5), shade, opacity=0.55, soft=1.5)
    canvas.fill(mirrored(body, level_ + size * 10, 0.9), flat("#2c2444"), opacity=0.8, soft=1)
    canvas.fill(ribbon(at((0, 4), (0, -184)), 4 * size, 2 * size), flat("#3a2430"))
    canvas.fill(main, linear((x, y - 90 * size), (x + 80 * size, y), "#fff6e0", sail, "#c08a70"))
    canvas.fill(jib, linear((x - 66 * size, y), (x, y - 60 * size), "#fff2d4", sail, "#b87c6c"))
    canvas.fill(body, upright(y - 6 * size, y + 22 * size, hull, "#2e1c30"))
    canvas.fill(
        ribbon(at((-72, 1), (-20, 7), (60, 5), (96, -4)), 3 * size, 3 * size), flat("#ffe2b0")
    )
    if size > 1:
        canvas.fill(ellipse(x - 22 * size, y - 8 * size, 6 * size, 6 * size), flat("#d8a078"))
        canvas.fill(
            curve(at((-33, 4), (-30, -6), (-22, -10), (-14, -5), (-12, 4)), steps=5),
            flat("#2f4a7c"),
        )


def storm() -> Scene:
    """Draw a three-master heeling among great waves, lightning behind."""
    rng = np.random.default_rng(53)
    canvas = Canvas(640, 500)
    canvas.ground(linear((0, 0), (640, 360), "#1e2838", "#46586a", "#a8b49c", "#56687a"))
    for _ in range(46):
        x, y = float(rng.uniform(-40, 680)), float(rng.uniform(-30, 190))
        tint = str(rng.choice(["#222c3c", "#364658", "#53636f", "#8a9890"]))
        canvas.fill(
            blob(rng, x, y, rng.uniform(40, 120), rng.uniform(16, 44), 0.2),
            flat(tint),
            opacity=0.7,
            soft=5,
        )
    bolt = [(556, 0), (532, 66), (552, 78), (516, 150), (536, 158), (498, 250)]
    canvas.fill(ribbon(bolt, 22, 10), flat("#e8e8c0"), opacity=0.4, soft=7, part=False)
    for first, second in pairwise(bolt):
        canvas.fill(ribbon([first, second], 5, 3.4), flat("#fffbe0"))
    back = curve(
        [
            (-30, 300),
            (90, 250),
            (220, 300),
            (350, 260),
            (500, 296),
            (660, 236),
            (680, 540),
            (-30, 540),
        ]
    )
    canvas.fill(back, upright(240, 360, "#7f9c98", "#3a5a66"))
    _ship(canvas, 280, 308, 1.36, -0.24)
    middle = [(-40, 268), (24, 262), (70, 300), (130, 352), (220, 372), (330, 350), (430, 296)]
    middle += [(500, 262), (560, 282), (600, 330), (680, 350), (680, 560), (-40, 560)]
    _wave(canvas, rng, middle, 262, 440, ("#8fb8a8", "#3c7478", "#1d4452"))
    front = [(-40, 400), (40, 372), (120, 362), (170, 384), (150, 410), (230, 446), (340, 444)]
    front += [(450, 404), (560, 400), (680, 440), (680, 560), (-40, 560)]
    _wave(canvas, rng, front, 362, 500, ("#78a89c", "#24565e", "#0e2a38"))
    for _ in range(120):
        x, y = float(rng.normal(110, 90)), float(rng.normal(352, 22))
        size = float(rng.uniform(0.8, 2.6))
        canvas.fill(ellipse(x, y, size, size, corners=10), flat("#eef4ea"), opacity=0.9, part=False)
    return canvas.scene("Ship in a storm")


def _wave(
    canvas: Canvas,
    rng: np.random.Generator,
    points: Sequence[Point],
    top: float,
    bottom: float,
    tints: tuple[str, str, str],
) -> None:
    outline = curve(points)
    canvas.fill(outline, upright(top, bottom, *tints))
    crest = np.array(points[:-2])
    for step in range(1, 6):
        drop = np.array([0.0, 15.0 * step]) + rng.normal(0, 3, crest.shape)
        canvas.fill(
            ribbon(crest + drop, 3.0, 2.0), flat("#cfe2d4"), opacity=0.5 - 0.06 * step, part=False
        )
    canvas.fill(ribbon(crest + np.array([0.0, 3.0]), 9.0, 7.0), flat("#f4f8ee"))
    for x, y in crest[1:-1]:
        for _ in range(5):
            canvas.fill(
                blob(rng, x + rng.normal(0, 24), y + 8 + abs(rng.normal(0, 7)), 13, 3.5, 0.2),
                flat("#e6f0e6"),
                opacity=0.8,
                part=False,
            )


def _ship(canvas: Canvas, x: float, y: float, size: float, heel: float) -> None:
    turn = np.array([[np.cos(heel), -np.sin(heel)], [np.sin(heel), np.cos(heel)]])

    def at(*points: tuple[float, float]) -> Outline:
        placed: Outline = np.array(points, dtype=np.float64) @ turn.T * size + np.array([x, y])
        return placed

    canvas.fill(ribbon(at((70, -10), (132, -40)), 5, 3), flat("#2a1c1c"))
    for mast, height in ((-46, 118), (6, 150), (54, 124)):
        canvas.fill(ribbon(at((mast, 0), (mast, -height)), 6, 3), flat("#2a1c1c"))
        canvas.fill(ribbon(at((mast, -height), (mast - 44, 0)), 1.4, 1.4), flat("#2a1c1c"))
        for low, high, wide in ((0.24, 0.56, 27), (0.6, 0.82, 21), (0.85, 0.98, 14)):
            a, b = -height * low, -height * high
            foot = curve([(mast + wide, a), (mast + 6, a - 10), (mast - wide, a)], closed=False)
            side = curve(
                [(mast - wide, a), (mast - wide * 0.7, (a + b) / 2), (mast - wide * 0.86, b)],
                closed=False,
            )
            luff = curve(
                [(mast + wide * 0.86, b), (mast + wide * 1.3, (a + b) / 2), (mast + wide, a)],
                closed=False,
            )
            shape = at(*foot.tolist(), *side.tolist(), *luff.tolist())
            low_left, high_right = shape.min(axis=0), shape.max(axis=0)
            canvas.fill(
                shape,
                level(float(low_left[0]), float(high_right[0]), "#fff6dc", "#e2cfa4", "#8c7c68"),
            )
    canvas.fill(at((6, -150), (30, -158), (26, -148), (34, -143), (6, -141)), flat("#c8322c"))
    hull = curve(
        at((-92, -22), (-60, -12), (0, -4), (60, -10), (92, -26), (80, 14), (40, 34), (-60, 34))
    )
    canvas.fill(hull, upright(y - 40, y + 50, "#8a5230", "#4a2a22", "#21161c"))
    canvas.fill(
        ribbon(at((-90, -16), (-50, -4), (0, 4), (50, -1), (88, -18)), 5, 5), flat("#e6b45a")
    )


def stone_bridge() -> Scene:
    """Draw three arches over a slow river, poplars and a mill."""
    rng = np.random.default_rng(67)
    canvas = Canvas(640, 440)
    water = 300.0
    canvas.ground(upright(0, 250, "#6fb0dc", "#b4d8e6", "#f4ecd0"))
    for x, y, across in ((120.0, 60.0, 80.0), (180, 76, 70), (420, 48, 90), (490, 64, 70)):
        canvas.fill(blob(rng, x, y, across, 20, 0.15), flat("#fffaf0"), opacity=0.92, soft=3)
    canvas.fill(
        ridge(rng, [(-10, 190), (160, 158), (330, 190), (500, 150), (660, 180)], 260, 5),
        upright(150, 250, "#8fb0b8", "#a8c49c"),
    )
    for x, foot, tall in (
        (40, 240, 150),
        (78, 244, 186),
        (116, 242, 140),
        (560, 236, 170),
        (604, 240, 206),
    ):
        tree = curve(
            [
                (x, foot),
                (x - 17, foot - tall * 0.3),
                (x - 11, foot - tall * 0.75),
                (x, foot - tall),
                (x + 11, foot - tall * 0.75),
                (x + 17, foot - tall * 0.3),
            ]
        )
        canvas.fill(tree, level(x - 16, x + 16, "#a4bc50", "#4f8440", "#2a5434"))
    canvas.fill(box(404, 140, 496, 250), level(404, 496, "#f6e6c8", "#d8b48c"))
    canvas.fill(
        polygon((392, 144), (424, 92), (480, 92), (508, 144)),
        upright(92, 144, "#d87848", "#a84a34"),
    )
    canvas.fill([box(418 + 26 * i, 154, 430 + 26 * i, 172) for i in range(3)], flat("#4a5a6c"))
    canvas.fill(
        curve([(-20, 244), (200, 236), (420, 240), (660, 234), (660, 330), (-20, 330)]),
        upright(236, 310, "#a8c05c", "#5f8a40"),
    )
    canvas.fill(box(0, water, 640, 440), upright(water, 440, "#b8d4c8", "#5f9cb0", "#2c6088"))
    centres, reach = (140.0, 320.0, 500.0), 70.0
    rises = (90.0, 104.0, 90.0)
    top = curve([(-20, 214), (140, 186), (320, 172), (500, 186), (660, 214)], closed=False)
    wall = np.concatenate([top, polygon((660, water + 16), (-20, water + 16))])
    arches = [
        np.concatenate(
            [ellipse(c, water, reach, rise)[32:], box(c - reach, water - 1, c + reach, water + 17)]
        )
        for c, rise in zip(centres, rises, strict=True)
    ]
    canvas.fill(
        mirrored(wall, water + 14, 0.8),
        upright(water, 420, "#9c8460", "#b8a27c"),
        opacity=0.8,
        soft=1,
    )
    gaps = [
        ellipse(c, water + 12, reach * 0.94, rise * 0.8)[:33]
        for c, rise in zip(centres, rises, strict=True)
    ]
    canvas.fill(gaps, upright(water, 400, "#5f9cb0", "#c4e0dc"), opacity=0.9, soft=1)
    _pierced(canvas, wall, arches, water)
    canvas.fill(ribbon(top[::6], 12, 12), upright(170, 216, "#f4e0b4", "#c8a878"))
    for c, rise in zip(centres, rises, strict=True):
        for angle in np.linspace(np.pi, 2 * np.pi, 15):
            inner = (c + reach * np.cos(angle), water + rise * np.sin(angle))
            outer = (c + (reach + 13) * np.cos(angle), water + (rise + 13) * np.sin(angle))
            canvas.fill(
                ribbon([inner, outer], 10, 12),
                flat(str(rng.choice(["#f0dab0", "#dcbc8c", "#c8a070"]))),
            )
    for _ in range(60):
        y = float(rng.uniform(318, 436))
        x, wide = float(rng.uniform(0, 640)), (y - 270) * float(rng.uniform(0.1, 0.34))
        canvas.fill(ellipse(x, y, wide, 1.3), flat("#eaf6f0"), opacity=0.55, part=False)
    bank = curve([(-30, 372), (60, 366), (140, 396), (200, 470), (-30, 470)])
    canvas.fill(bank, linear((0, 366), (140, 440), "#c4c45a", "#4f7a34"))
    for _ in range(34):
        x, y = float(rng.uniform(0, 150)), float(rng.uniform(390, 440))
        canvas.fill(
            ribbon([(x, y), (x + 4, y - 24), (x + rng.normal(6, 6), y - 46)], 3, 1), flat("#3c6a34")
        )
    return canvas.scene("Stone bridge")


def _pierced(canvas: Canvas, wall: Outline, arches: list[Outline], water: float) -> None:
    """Draw the wall around its arches: filled piece by piece, so that the river shows through."""
    stone = upright(172, water + 16, "#ecd4a4", "#c89c68", "#86684c")
    columns = np.arange(-20.0, 660.0, 2.0)
    top = wall[: len(wall) - 2]
    heads = np.interp(columns, top[:, 0], top[:, 1])
    feet = np.full_like(columns, water + 16)
    for arch in arches:
        vault = arch[: len(arch) - 4]
        inside = (columns >= vault[:, 0].min()) & (columns <= vault[:, 0].max())
        feet[inside] = np.interp(columns[inside], vault[:, 0], vault[:, 1])
    edge = np.stack([columns, feet], axis=1)[::-1]
    canvas.fill(np.concatenate([np.stack([columns, heads], axis=1), edge]), stone)
    for arch in arches:
        vault = arch[: len(arch) - 4]
        soffit = np.concatenate([vault[:16], (vault[:16] + np.array([15.0, 0.0]))[::-1]])
        canvas.fill(soffit, flat("#6c5444"))
