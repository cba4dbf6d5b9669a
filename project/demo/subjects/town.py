"""Towns: a city at night, a village church in winter."""

from __future__ import annotations

import numpy as np

from project.demo.canvas import Canvas, Scene
from project.demo.paints import flat, level, linear, radial, upright
from project.demo.shapes import box, curve, ellipse, polygon, ribbon, ridge


def city_at_night() -> Scene:
    """Draw towers with lit windows, a full moon, lights on the river."""
    rng = np.random.default_rng(101)
    canvas = Canvas(480, 640)
    river = 516.0
    canvas.ground(upright(0, river, "#0c1438", "#1c2c64", "#4c3c84", "#b4588c"))
    moon = (350.0, 116.0)
    canvas.fill(ellipse(*moon, 110, 110), flat("#8c9cd8"), opacity=0.45, soft=20, part=False)
    canvas.fill(ellipse(*moon, 52, 52), radial((338, 104), 70, "#fffdf0", "#fbe8b0", "#d8b878"))
    for x, y, size in ((336.0, 100.0, 9.0), (368, 128, 12), (346, 138, 6)):
        canvas.fill(ellipse(x, y, size, size * 0.8), flat("#e0c890"), opacity=0.7, part=False)
    for _ in range(60):
        x, y, size = (
            float(rng.uniform(0, 480)),
            float(rng.uniform(0, 300)),
            float(rng.uniform(0.8, 2)),
        )
        canvas.fill(ellipse(x, y, size, size, corners=8), flat("#fff6d8"), part=False)
    for left, wide, top in (
        (-10, 60, 330),
        (56, 44, 290),
        (150, 60, 310),
        (236, 50, 268),
        (300, 60, 330),
        (380, 44, 300),
        (430, 60, 340),
    ):
        _tower(canvas, rng, left, top, left + wide, river, "#4c4488", "#34306c", "#d8a878", 0.3)
    for left, wide, top in (
        (-6, 74, 396),
        (84, 70, 214),
        (176, 62, 356),
        (262, 78, 296),
        (352, 56, 392),
        (412, 80, 250),
    ):
        _tower(canvas, rng, left, top, left + wide, river, "#2c3064", "#141a40", "#ffd468", 0.62)
    spire = polygon((101, 214), (119, 214), (119, 150), (138, 150), (119, 60))
    spire = polygon(
        (100, 214), (106, 168), (115, 160), (119, 78), (123, 160), (132, 168), (138, 214)
    )
    canvas.fill(spire, level(100, 138, "#5c64a4", "#1c2250"))
    for left, wide, top in (
        (30, 62, 440),
        (134, 56, 456),
        (212, 74, 430),
        (318, 60, 462),
        (384, 50, 436),
    ):
        _tower(canvas, rng, left, top, left + wide, river, "#1c1c40", "#0c0e28", "#ffb84c", 0.55)
    canvas.fill(box(0, river, 480, 640), upright(river, 640, "#5c3c78", "#1c2458", "#0a1030"))
    for _ in range(150):
        y = float(rng.uniform(river + 6, 636))
        x = float(rng.choice([30, 62, 118, 160, 206, 250, 300, 344, 380, 440])) + float(
            rng.normal(0, 6)
        )
        tint = str(rng.choice(["#ffd468", "#ff9c54", "#ffe8a8", "#e0709c"]))
        canvas.fill(ellipse(x, y, float(rng.uniform(5, 16)), 1.7), flat(tint), opacity=0.85)
    for row in range(12):
        y = river + 8 + row * 10
        canvas.fill(
            ellipse(350 + float(rng.normal(0, 7)), y, 22 + row, 2.2), flat("#fff6d8"), opacity=0.9
        )
    deck = curve([(-20, 528), (120, 508), (240, 502), (360, 508), (500, 528)], closed=False)
    canvas.fill(ribbon(deck[::5], 9, 9), flat("#0a0c24"))
    lamps = [ellipse(float(x), float(y) - 9, 4, 4) for x, y in deck[4:-2:5]]
    canvas.fill(lamps, flat("#fff0b0"))
    return canvas.scene("City at night")


def _tower(
    canvas: Canvas,
    rng: np.random.Generator,
    left: float,
    top: float,
    right: float,
    foot: float,
    light: str,
    dark: str,
    lamp: str,
    lit: float,
) -> None:
    canvas.fill(box(left, top, right, foot), level(left, right, light, dark))
    canvas.fill(box(left + 8, top - 10, right - 12, top + 1), level(left, right, light, dark))
    panes = [
        box(float(x), float(y), float(x) + 6.5, float(y) + 9)
        for x in np.arange(left + 7, right - 9, 12)
        for y in np.arange(top + 12, foot - 12, 16)
        if rng.random() < lit
    ]
    canvas.fill(panes, flat(lamp))


def winter_church() -> Scene:
    """Draw a village church among snow-laden roofs and bare trees."""
    rng = np.random.default_rng(113)
    canvas = Canvas(540, 620)
    canvas.ground(upright(0, 400, "#8cb0d0", "#c8d4dc", "#f8dcc4"))
    hills = ridge(rng, [(-10, 372), (130, 322), (280, 360), (420, 310), (550, 350)], 440, 5)
    canvas.fill(hills, upright(310, 430, "#b0c0d4", "#e4e4ea"))
    firs = [
        polygon((x - 8, y), (x, y - 30), (x + 8, y))
        for x, y in zip(rng.uniform(0, 540, 60), rng.uniform(366, 404, 60), strict=True)
    ]
    canvas.fill(firs, flat("#54707c"))
    canvas.fill(
        curve([(-30, 402), (140, 388), (300, 396), (570, 384), (570, 660), (-30, 660)]),
        upright(386, 620, "#f4f2f4", "#fffdfa", "#c4d0e4"),
    )
    _house(canvas, 20, 356, 130, 446, "#c88458")
    _house(canvas, 410, 350, 520, 440, "#b4604c")
    canvas.fill(box(246, 306, 400, 470), level(246, 400, "#f0dcb4", "#d0a878", "#a87c5c"))
    canvas.fill(
        polygon((232, 312), (262, 222), (396, 222), (416, 312)),
        upright(222, 312, "#fffdf8", "#c8d4e8"),
    )
    for x in (286, 328, 370):
        pane = np.concatenate(
            [ellipse(x, 366, 11, 16)[32:], box(x - 11, 366, x + 11, 412)[[1, 2, 3]]]
        )
        canvas.fill(pane, upright(350, 412, "#ffd878", "#d87838"))
    tower = (156.0, 246.0)
    canvas.fill(box(tower[0], 190, tower[1], 478), level(*tower, "#fbeccc", "#dcb88c", "#98704f"))
    canvas.fill(
        polygon((144, 196), (201, 24), (258, 196)), level(144, 258, "#6c8494", "#3c5060", "#22303c")
    )
    canvas.fill(polygon((144, 196), (201, 24), (196, 120), (176, 196)), flat("#fdfbf8"))
    canvas.fill([box(199, -2, 203, 30), box(191, 8, 211, 12)], flat("#2c2420"))
    canvas.fill(ellipse(201, 250, 21, 21), flat("#fffaf0"))
    canvas.fill(
        [ribbon([(201, 250), (201, 235)], 3, 3), ribbon([(201, 250), (212, 255)], 3, 3)],
        flat("#2c2420"),
    )
    canvas.fill([ellipse(186, 306, 9, 18), ellipse(216, 306, 9, 18)], flat("#4c3834"))
    door = np.concatenate([ellipse(201, 430, 19, 26)[32:], polygon((220, 478), (182, 478))])
    canvas.fill(door, level(182, 220, "#94502c", "#542c1c"))
    canvas.fill(
        curve([(-30, 470), (120, 452), (300, 468), (460, 450), (570, 466), (570, 660), (-30, 660)]),
        linear((100, 460), (300, 620), "#fffefa", "#eef0f6", "#b0c0dc"),
    )
    path = [(196, 476), (222, 476), (250, 530), (330, 640), (170, 640), (200, 540)]
    canvas.fill(curve(path), upright(476, 620, "#d0b898", "#b89c88"))
    for row in range(9):
        left = 30 + 13.0 * row
        canvas.fill(box(left, 492 - row * 1.5, left + 5, 530 - row * 1.5), flat("#5c4034"))
    canvas.fill(ribbon([(24, 504), (144, 490)], 5, 5), flat("#5c4034"))
    _bare(canvas, rng, 466, 580, -1.62, 116, 20, 6)
    _bare(canvas, rng, 60, 600, -1.5, 84, 14, 5)
    for x, tall, coat in ((286, 44, "#b8342c"), (314, 36, "#2c4c84")):
        canvas.fill(
            curve([(x - 11, 566), (x - 7, 566 - tall), (x + 7, 566 - tall), (x + 12, 566)]),
            flat(coat),
        )
        canvas.fill(ellipse(x, 560 - tall, 7, 8), flat("#e4b48c"))
        canvas.fill(ellipse(x, 555 - tall, 8, 5), flat("#3c2c28"))
        canvas.fill(
            polygon((x + 8, 566), (x + 60, 584), (x + 44, 586), (x - 6, 568)),
            flat("#8ca0c4"),
            opacity=0.7,
            soft=1,
            part=False,
        )
    for x, y in zip(rng.uniform(0, 540, 130), rng.uniform(0, 620, 130), strict=True):
        size = float(rng.uniform(1.2, 3.2))
        canvas.fill(ellipse(x, y, size, size, corners=10), flat("#ffffff"), opacity=0.9, part=False)
    return canvas.scene("Village church in winter")


def _house(canvas: Canvas, left: float, top: float, right: float, foot: float, wall: str) -> None:
    middle = (left + right) / 2
    canvas.fill(box(left, top, right, foot), level(left, right, wall, "#6c4444"))
    roof = polygon(
        (left - 14, top + 6),
        (middle - 26, top - 52),
        (middle + 26, top - 52),
        (right + 14, top + 6),
    )
    canvas.fill(roof, upright(top - 52, top + 6, "#ffffff", "#c0cce4"))
    canvas.fill(box(right - 34, top - 66, right - 18, top - 24), flat("#7c4438"))
    panes = [box(left + 16 + 32 * i, top + 26, left + 32 + 32 * i, top + 50) for i in range(3)]
    canvas.fill(panes, flat("#ffd070"))


def _bare(
    canvas: Canvas,
    rng: np.random.Generator,
    x: float,
    y: float,
    angle: float,
    length: float,
    breadth: float,
    depth: int,
) -> None:
    end = (x + length * float(np.cos(angle)), y + length * float(np.sin(angle)))
    canvas.fill(ribbon([(x, y), end], breadth, breadth * 0.66), flat("#3c2c2c"))
    if breadth > 4:
        snow = ribbon(
            [(x - breadth * 0.3, y), (end[0] - breadth * 0.2, end[1])], breadth * 0.3, breadth * 0.2
        )
        canvas.fill(snow, flat("#f4f6fa"), part=False)
    if depth:
        for turn in (-0.5, 0.08, 0.52):
            swing = angle + turn + float(rng.normal(0, 0.12))
            reach = length * float(rng.uniform(0.6, 0.76))
            _bare(canvas, rng, *end, swing, reach, breadth * 0.6, depth - 1)
