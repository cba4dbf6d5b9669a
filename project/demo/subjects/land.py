"""Open country: a mountain lake, the pyramids, an almond tree in flower."""

from __future__ import annotations

import numpy as np

from project.demo.canvas import Canvas, Scene
from project.demo.paints import ball, flat, level, linear, radial, upright
from project.demo.shapes import (
    Outline,
    blob,
    box,
    curve,
    ellipse,
    mirrored,
    polygon,
    ribbon,
    ridge,
)


def _fir(x: float, foot: float, height: float) -> list[Outline]:
    """Draw a fir in five tiers, lowest first, standing at (x, foot)."""
    tiers = []
    for step in range(5):
        low = foot - height * (0.06 + 0.17 * step)
        wide = height * 0.24 * (1.0 - 0.17 * step)
        tip = low - height * 0.34
        tiers.append(
            curve(
                [(x - wide, low), (x, low + wide * 0.25), (x + wide, low), (x + 1, tip), (x, tip)],
                steps=4,
            )
        )
    return tiers


def mountain_lake() -> Scene:
    """Draw a snow peak, its reflection, and firs on the near shore."""
    rng = np.random.default_rng(11)
    canvas = Canvas(640, 480)
    shore = 318.0
    canvas.ground(upright(0, shore, "#3f7fc4", "#8fc0e6", "#f6e2c0"))
    for x, y, across in ((120.0, 84.0, 74.0), (176, 98, 60), (520, 66, 82), (592, 84, 60)):
        canvas.fill(blob(rng, x, y, across, 17, 0.16), flat("#fdf6ea"), opacity=0.9, soft=3)
    far = ridge(
        rng, [(-10, 250), (90, 176), (170, 232), (470, 216), (560, 150), (660, 226)], 330, 9
    )
    canvas.fill(far, upright(140, 320, "#7f9cc6", "#b9c9dc"))
    summit = (318.0, 46.0)
    peak = ridge(rng, [(70, 322), (196, 190), (250, 120), summit, (392, 132), (560, 322)], 322, 7)
    canvas.fill(peak, upright(50, 320, "#fffaf0", "#efe6e0", "#a9a0a8", "#74808c"))
    shade = ridge(rng, [summit, (344, 120), (400, 148), (452, 196), (566, 322)], 322, 5)
    shade = np.concatenate([shade[:-2], polygon((566, 322), (336, 322), (300, 236), (338, 152))])
    canvas.fill(shade, upright(50, 320, "#8ea6d4", "#5f78ac", "#465a7c"))
    for x, y, reach in ((252.0, 136.0, 70.0), (212, 210, 66), (280, 206, 92), (236, 250, 60)):
        rock = [(x, y), (x + 9, y + reach * 0.3), (x + 4, y + reach * 0.6), (x + 14, y + reach)]
        canvas.fill(ribbon(rock, 2, 20), upright(y, y + reach, "#8c8894", "#5f6474"), opacity=0.85)
    wood = ridge(
        rng, [(-10, 262), (110, 286), (230, 308), (420, 310), (540, 282), (660, 258)], 324, 7
    )
    canvas.fill(wood, upright(256, 324, "#4a7a58", "#27503f"))
    canvas.fill(box(0, shore, 640, 480), upright(shore, 480, "#e6dcc6", "#7fb0d8", "#2a64a4"))
    canvas.fill(
        mirrored(peak, shore, 0.52),
        upright(318, 460, "#76808e", "#c9c6cc", "#f4efe8"),
        opacity=0.85,
    )
    canvas.fill(mirrored(shade, shore, 0.52), upright(318, 460, "#4a5f84", "#7f97c4"), opacity=0.85)
    canvas.fill(mirrored(wood, shore, 0.6), upright(318, 350, "#234a3e", "#3c6e5c"), opacity=0.9)
    for _ in range(46):
        y = float(rng.uniform(330, 470))
        x, reach = float(rng.uniform(-20, 640)), float(rng.uniform(0.3, 1.0)) * (y - 300) * 0.75
        canvas.fill(ellipse(x, y, reach, 1.2), flat("#e9f3f6"), opacity=0.55, part=False)
    bank = curve([(-20, 420), (70, 416), (170, 436), (280, 462), (340, 500), (-20, 500)])
    canvas.fill(bank, linear((0, 410), (200, 480), "#d0b264", "#6f8a3c", "#39562c"))
    bank = curve([(660, 440), (590, 446), (520, 464), (470, 500), (660, 500)])
    canvas.fill(bank, upright(440, 480, "#a9a050", "#39562c"))
    firs = ((92, 440, 210), (36, 452, 268), (150, 456, 150), (588, 470, 190), (632, 476, 244))
    for x, foot, height in firs:
        canvas.fill(ribbon([(x, foot), (x, foot - height * 0.4)], 9, 5), flat("#4a3324"))
        canvas.fill(_fir(x, foot, height), level(x - 40, x + 34, "#4f8a4c", "#1d4a3a", "#0f2c2c"))
    return canvas.scene("Mountain lake")


def pyramids() -> Scene:
    """Draw three pyramids, a great sun, and camels on the dune."""
    rng = np.random.default_rng(23)
    canvas = Canvas(640, 420)
    canvas.ground(upright(0, 270, "#e8784a", "#f4a65c", "#fbdc98"))
    sun = (472.0, 122.0)
    canvas.fill(ellipse(*sun, 150, 150), flat("#ffe9ae"), opacity=0.45, soft=26, part=False)
    canvas.fill(ellipse(*sun, 62, 62), radial(sun, 62, "#fffbe0", "#ffe88a"))
    for y, x, reach in ((60.0, 90.0, 120.0), (84, 210, 90), (150, 600, 90), (44, 560, 70)):
        canvas.fill(ellipse(x, y, reach, 5), flat("#ffd9a4"), opacity=0.8, soft=1.5)
    hills = ridge(rng, [(-10, 258), (150, 246), (330, 256), (500, 244), (660, 254)], 300, 4)
    canvas.fill(hills, flat("#c98a6c"))
    canvas.fill(box(0, 266, 640, 420), upright(266, 420, "#f2c983", "#dfa256", "#b9743a"))
    for apex, left, right, edge, foot in (
        ((420, 156), 316, 552, 470, 278),
        ((226, 62), 34, 434, 318, 296),
        ((560, 198), 486, 652, 590, 290),
    ):
        canvas.fill(
            polygon(apex, (left, foot), (edge, foot + 16)),
            linear((left, foot), apex, "#e9b566", "#ffe1a0"),
        )
        canvas.fill(
            polygon(apex, (edge, foot + 16), (right, foot)),
            linear(apex, (right, foot), "#a0603a", "#6c3a34"),
        )
        for step in range(1, 9):
            t = step / 9
            top = apex[1] + (foot - apex[1]) * t
            lip = top + 16 * t
            near = apex[0] + (left - apex[0]) * t, apex[0] + (edge - apex[0]) * t
            course = polygon((near[0], top), (near[1], lip), (near[1], lip + 2), (near[0], top + 2))
            canvas.fill(course, flat("#b98548"), opacity=0.5, part=False)
    dune = curve(
        [(-30, 330), (90, 306), (260, 330), (420, 372), (660, 340), (680, 460), (-30, 460)]
    )
    canvas.fill(dune, upright(306, 420, "#f4c478", "#d08c48", "#b06a38"))
    lee = curve([(-30, 372), (120, 340), (262, 332), (200, 366), (250, 440), (-30, 450)])
    canvas.fill(lee, upright(330, 430, "#9a5638", "#6c3430"))
    for x, y, scale in ((384.0, 352.0, 1.0), (456.0, 360.0, 1.06), (534.0, 356.0, 1.12)):
        canvas.fill(_camel(x, y, 0.9 * scale), flat("#4a2224"))
        shadow = polygon((x - 18, y + 17), (x + 20, y + 17), (x - 40, y + 30), (x - 76, y + 30))
        canvas.fill(shadow, flat("#7a3f34"), opacity=0.6, soft=1, part=False)
    _palm(canvas, rng, 70, 392, 196)
    _palm(canvas, rng, 122, 402, 138)
    return canvas.scene("Pyramids at sunset")


def _camel(x: float, y: float, scale: float) -> list[Outline]:
    body = np.array(
        [
            (-26, -8), (-20, -18), (-10, -20), (-2, -33), (8, -20), (18, -18), (26, -24),
            (31, -38), (40, -41), (46, -36), (38, -33), (34, -20), (26, -6), (10, -4), (-14, -4),
        ],
        dtype=np.float64,
    )  # fmt: skip
    legs = [ribbon([(k, -8), (k + 1, 6), (k - 1, 19)], 6, 3) for k in (-21, -14, 15, 22)]
    place = np.array([x, y])
    return [part * scale + place for part in (curve(body, steps=5), *legs)]


def _palm(canvas: Canvas, rng: np.random.Generator, x: float, foot: float, height: float) -> None:
    top = (x + height * 0.14, foot - height)
    trunk = ribbon([(x, foot), (x - 2, foot - height * 0.5), top], 13, 7)
    canvas.fill(trunk, level(x - 8, x + 22, "#8a5a34", "#3e2420"))
    for angle in np.linspace(-0.25, np.pi + 0.25, 9):
        reach = height * float(rng.uniform(0.36, 0.46))
        tip = (top[0] + reach * np.cos(angle), top[1] - reach * (0.72 * np.sin(angle) - 0.34))
        bend = (
            top[0] + reach * 0.55 * np.cos(angle),
            top[1] - reach * (0.62 * np.sin(angle) + 0.12),
        )
        leaf = curve([top, (bend[0], bend[1] - 7), tip, (bend[0], bend[1] + 9)], steps=8)
        canvas.fill(leaf, linear(top, tip, "#2d5a34", "#6f9a44"))


def almond_tree() -> Scene:
    """Draw a flowering almond tree on a hill, the branches spread against the sky."""
    rng = np.random.default_rng(37)
    canvas = Canvas(560, 600)
    canvas.ground(upright(0, 470, "#3d9ac4", "#7cc4d6", "#d4ecd8"))
    for x, y, across in ((70.0, 380.0, 90.0), (470, 404, 110), (300, 424, 100)):
        canvas.fill(blob(rng, x, y, across, 20, 0.14), flat("#f8f6e6"), opacity=0.8, soft=4)
    canvas.fill(
        curve([(-30, 470), (120, 440), (300, 462), (450, 436), (600, 466), (600, 640), (-30, 640)]),
        upright(436, 520, "#7aa6a0", "#9fbf84"),
    )
    canvas.fill(
        curve([(-30, 520), (150, 496), (300, 488), (440, 500), (600, 528), (600, 640), (-30, 640)]),
        linear((100, 490), (420, 600), "#d6d66c", "#8fb64a", "#4f7f3a"),
    )
    canvas.fill(ellipse(330, 552, 190, 22), flat("#3a6a3c"), opacity=0.6, soft=6, part=False)
    twigs: list[tuple[float, float]] = []
    _branch(canvas, rng, (276.0, 560.0), -1.5, 150.0, 46.0, 6, twigs)
    places = np.array(twigs)
    places = places[np.argsort(rng.random(len(places)))]
    for x, y in places:
        if y < 470:
            _blossom(canvas, rng, float(x), float(y), float(rng.uniform(9, 17)))
    for _ in range(70):
        x, y = rng.uniform(90, 500), rng.uniform(528, 590)
        canvas.fill(ellipse(x, y, 5, 2.6, float(rng.uniform(0, 3))), flat("#fbe0e4"))
    return canvas.scene("Almond tree in flower")


def _branch(
    canvas: Canvas,
    rng: np.random.Generator,
    start: tuple[float, float],
    angle: float,
    length: float,
    breadth: float,
    depth: int,
    twigs: list[tuple[float, float]],
) -> None:
    bend = float(rng.normal(0.0, 0.22))
    middle = (
        start[0] + 0.5 * length * np.cos(angle + bend),
        start[1] + 0.5 * length * np.sin(angle + bend),
    )
    end = (start[0] + length * np.cos(angle), start[1] + length * np.sin(angle))
    wood = level(
        min(start[0], end[0]) - breadth, max(start[0], end[0]) + breadth, "#8a6a58", "#3c2a2c"
    )
    canvas.fill(ribbon([start, middle, end], breadth, breadth * 0.62), wood)
    if depth <= 3:
        twigs.extend(
            (
                start[0] + share * (end[0] - start[0]) + float(rng.normal(0, 7)),
                start[1] + share * (end[1] - start[1]) + float(rng.normal(0, 7)),
            )
            for share in (0.45, 1.0)
        )
    if depth == 0:
        return
    spread = float(rng.uniform(0.42, 0.62))
    turns = (-spread, spread * 0.9) if depth % 2 else (-spread * 1.1, 0.06, spread)
    for turn in turns:
        # Boughs that would sink below the horizontal are lifted: the crown stays a fan.
        lifted = float(np.clip(angle + turn, -np.pi - 0.15, 0.15))
        reach = length * float(rng.uniform(0.64, 0.8))
        _branch(canvas, rng, end, lifted, reach, breadth * 0.58, depth - 1, twigs)


def _blossom(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    turn = float(rng.uniform(0, 1.2))
    petals = [
        ellipse(
            x + 0.55 * size * np.cos(a), y + 0.55 * size * np.sin(a), size * 0.5, size * 0.4, a, 18
        )
        for a in turn + np.arange(5) * 2.0 * np.pi / 5.0
    ]
    tint = str(rng.choice(["#fff4f2", "#fbd6dc", "#f3b0c0", "#fdeaea"]))
    canvas.fill(petals, ball(x, y, size, "#ffffff", tint, "#d9849c"))
    canvas.fill(ellipse(x, y, size * 0.17, size * 0.17, corners=12), flat("#d8a03c"))
