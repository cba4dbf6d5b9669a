"""Indoors: a still life, sunflowers, a cat on the sill."""

from __future__ import annotations

import numpy as np

from project.demo.canvas import Canvas, Scene
from project.demo.paints import Paint, ball, flat, level, linear, radial, upright
from project.demo.shapes import blob, box, curve, ellipse, polygon, ribbon


def still_life() -> Scene:
    """Draw a blue jug, a bowl of fruit and a white cloth."""
    rng = np.random.default_rng(71)
    canvas = Canvas(600, 540)
    canvas.ground(linear((0, 0), (600, 400), "#c8a868", "#9c7444", "#5f4030"))
    drape = curve([(380, -30), (430, 90), (410, 200), (450, 320), (640, 340), (640, -30)])
    canvas.fill(drape, level(390, 600, "#3c5a4c", "#7f9c74", "#3a564a", "#5f8468", "#22382f"))
    canvas.fill(box(0, 336, 600, 540), upright(336, 540, "#b87a48", "#8a4f30", "#5a3022"))
    cloth = [(90, 372), (260, 352), (470, 376), (560, 420), (520, 500), (400, 470), (330, 560)]
    cloth += [(200, 480), (110, 560), (40, 450)]
    canvas.fill(curve(cloth), linear((90, 360), (460, 540), "#fffaf0", "#ece2d4", "#a8a0ac"))
    for fold in (
        [(200, 480), (236, 420), (250, 372)],
        [(400, 470), (390, 420), (360, 380)],
        [(110, 548), (130, 460), (150, 400)],
    ):
        canvas.fill(ribbon(fold, 16, 3), flat("#8f8ca4"), opacity=0.6, soft=3, part=False)
    canvas.fill(ellipse(230, 402, 130, 18), flat("#6c5a64"), opacity=0.65, soft=6, part=False)
    handle = ribbon([(118, 216), (60, 214), (50, 290), (112, 326)], 18, 14)
    canvas.fill(handle, level(50, 118, "#5f94cc", "#1d3c78"))
    jug = [(136, 158), (132, 190), (98, 246), (92, 318), (124, 386), (180, 398), (236, 386)]
    jug += [(266, 318), (258, 246), (222, 190), (222, 160), (250, 138), (178, 148)]
    canvas.fill(curve(jug), level(96, 262, "#8fc4ec", "#3c7cc4", "#1f4c94", "#122a5c"))
    canvas.fill(ellipse(184, 156, 46, 11, -0.12), flat("#0f1f44"))
    canvas.fill(
        curve([(118, 256), (126, 236), (134, 262), (128, 320), (116, 310)]),
        flat("#eaf6ff"),
        opacity=0.85,
        soft=2,
    )
    band = curve([(94, 296), (180, 312), (266, 294), (266, 312), (180, 330), (93, 314)])
    canvas.fill(band, level(96, 262, "#fff4dc", "#e8d0a0", "#8c7c6c"))
    canvas.fill(ellipse(420, 420, 140, 16), flat("#6c5a64"), opacity=0.65, soft=6, part=False)
    fruits = (
        (348.0, 306.0, 42, ("#ffe08a", "#f49a34", "#b45418")),
        (486, 304, 42, ("#ffd0a0", "#e25a34", "#8c2420")),
        (418, 282, 48, ("#ffb09a", "#d83a34", "#7a1a24")),
        (388, 326, 40, ("#f4f0a0", "#b4c444", "#5f7a28")),
        (456, 326, 40, ("#ffe9a0", "#f4b434", "#b4701c")),
    )
    for x, y, size, tints in fruits:
        canvas.fill(ellipse(x, y, size, size * 0.95), ball(x, y, size, "#fffbe8", *tints))
    canvas.fill(ribbon([(418, 244), (424, 228), (434, 220)], 5, 3), flat("#3c2a1c"))
    canvas.fill(
        curve([(426, 232), (450, 214), (476, 222), (450, 236)], steps=6),
        linear((426, 232), (476, 222), "#3f6a30", "#8fb84c"),
    )
    bowl = [
        (306, 334),
        (420, 350),
        (534, 332),
        (516, 386),
        (470, 416),
        (418, 420),
        (368, 416),
        (322, 386),
    ]
    canvas.fill(curve(bowl), level(306, 534, "#fff6e4", "#e4d4bc", "#a08c84", "#6c5c64"))
    canvas.fill(ribbon([(310, 366), (420, 384), (528, 364)], 7, 7), flat("#3c68a8"))
    for x, y, size, tints in (
        (276.0, 424.0, 34, ("#fffbd0", "#f8dc3c", "#c49a1c")),
        (204, 440, 37, ("#ffe0b0", "#e8743c", "#9c3820")),
    ):
        canvas.fill(
            ellipse(x + 12, y + size * 0.85, size * 1.2, 8),
            flat("#5f5060"),
            opacity=0.6,
            soft=4,
            part=False,
        )
        canvas.fill(blob(rng, x, y, size * 1.1, size, 0.03), ball(x, y, size, "#fffdf0", *tints))
    for row, count in enumerate((4, 3, 2, 1)):
        for column in range(count):
            x, y = 462 + column * 25 + row * 12.0, 448 + row * 20.0 - column * 3
            canvas.fill(ellipse(x, y, 14, 15), ball(x, y, 15, "#d8b8e4", "#7a4a94", "#341c4c"))
    return canvas.scene("Jug and fruit")


def sunflowers() -> Scene:
    """Draw a bunch of sunflowers in an ochre vase."""
    rng = np.random.default_rng(83)
    canvas = Canvas(500, 640)
    canvas.ground(linear((0, 0), (500, 500), "#a8dcd0", "#74bcb8", "#5a9ca8"))
    canvas.fill(box(0, 506, 500, 640), upright(506, 640, "#e8b458", "#c4843c", "#9a5c2c"))
    canvas.fill(ellipse(310, 588, 130, 15), flat("#6c3c24"), opacity=0.6, soft=5, part=False)
    heads = (
        (250, 110, 62), (120, 168, 60), (384, 160, 62), (180, 282, 66), (330, 276, 68),
        (70, 306, 50), (436, 300, 50), (250, 196, 58), (252, 364, 54),
    )  # fmt: skip
    for x, y, _ in heads:
        stem = [
            (x, y),
            ((x + 250) / 2 + (x - 250) * 0.2, (y + 440) / 2),
            (250 + (x - 250) * 0.12, 450),
        ]
        canvas.fill(ribbon(stem, 7, 8), level(60, 440, "#6f9a3c", "#3c6a30"))
    for x, y, turn in (
        (150, 350, 2.7), (352, 352, 0.5), (100, 240, 3.5), (404, 236, -0.4),
        (312, 176, -0.7), (186, 176, 4.0), (200, 396, 2.5), (300, 400, 0.5),
    ):  # fmt: skip
        tip = (x + 64 * np.cos(turn), y + 64 * np.sin(turn))
        side = (-24 * np.sin(turn), 24 * np.cos(turn))
        middle = ((x + tip[0]) / 2, (y + tip[1]) / 2)
        leaf = curve(
            [
                (x, y),
                (middle[0] + side[0], middle[1] + side[1]),
                tip,
                (middle[0] - side[0], middle[1] - side[1]),
            ]
        )
        canvas.fill(leaf, linear((x, y), tip, "#3c6c34", "#8cb04c"))
    vase = [(196, 420), (190, 450), (158, 494), (154, 550), (190, 594), (250, 602), (310, 594)]
    vase += [(346, 550), (342, 494), (310, 450), (304, 420)]
    for x, y, size in heads:
        _sunflower(canvas, rng, x, y, size)
    canvas.fill(curve(vase), level(156, 344, "#fbe6a8", "#e4b04c", "#b8742c", "#7a441c"))
    glaze = [
        (155, 522),
        (250, 534),
        (345, 520),
        (346, 552),
        (310, 594),
        (250, 602),
        (190, 594),
        (154, 552),
    ]
    canvas.fill(curve(glaze), level(156, 344, "#f2f0e0", "#c4ccc4", "#7a8484"))
    canvas.fill(
        ribbon([(196, 422), (250, 430), (304, 422)], 12, 12), level(190, 310, "#fff0c0", "#a8642c")
    )
    canvas.fill(
        curve([(178, 490), (190, 474), (192, 508), (182, 520)]),
        flat("#fffbe4"),
        opacity=0.8,
        soft=2,
        part=False,
    )
    return canvas.scene("Sunflowers")


def _sunflower(canvas: Canvas, rng: np.random.Generator, x: float, y: float, size: float) -> None:
    for count, reach, tints in (
        (19, 1.0, ("#a8660c", "#f4b81c")),
        (17, 0.86, ("#d8860c", "#ffdc3c", "#fff08c")),
    ):
        start = float(rng.uniform(0, 1))
        petals = []
        for angle in start + np.arange(count) * 2 * np.pi / count:
            far = size * reach * float(rng.uniform(0.88, 1.08))
            centre = (x + 0.66 * far * np.cos(angle), y + 0.66 * far * np.sin(angle))
            petals.append(ellipse(*centre, far * 0.36, size * 0.1, float(angle), 16))
        canvas.fill(petals, radial((x, y), size, tints[0], *tints))
    canvas.fill(
        ellipse(x, y, size * 0.45, size * 0.43),
        radial((x, y), size * 0.45, "#3a1c10", "#7a4418", "#4a2410"),
    )
    dots = []
    for step in range(34):
        far, angle = size * 0.4 * np.sqrt(step / 34), 2.39996 * step
        dots.append(ellipse(x + far * np.cos(angle), y + far * np.sin(angle), 1.8, 1.8, corners=8))
    canvas.fill(dots, flat("#c88a34"), part=False)


def cat() -> Scene:
    """Draw a ginger cat on a window sill, a moonlit garden behind."""
    rng = np.random.default_rng(97)
    canvas = Canvas(560, 560)
    canvas.ground(level(0, 560, "#a83c3c", "#c45448", "#8a2c34"))
    canvas.fill([box(x, 0, x + 10, 470) for x in range(8, 560, 36)], flat("#8c2c34"), opacity=0.6)
    canvas.fill(box(92, 18, 468, 470), flat("#f2e4c4"))
    canvas.fill(box(110, 36, 450, 452), upright(36, 452, "#16305c", "#2c5c8c", "#7ab0b4"))
    canvas.fill(ellipse(166, 104, 34, 34), radial((166, 104), 34, "#fffdf0", "#fbeaa8"))
    for _ in range(22):
        x, y = float(rng.uniform(116, 446)), float(rng.uniform(42, 230))
        canvas.fill(ellipse(x, y, 1.8, 1.8, corners=8), flat("#fffbe0"), part=False)
    canvas.fill(
        curve([(110, 372), (200, 340), (320, 366), (450, 330), (450, 452), (110, 452)]),
        upright(330, 452, "#2c6450", "#163c3c"),
    )
    for x, y, size in ((146.0, 392.0, 34.0), (414, 372, 35), (412, 420, 38), (152, 428, 40)):
        canvas.fill(blob(rng, x, y, size, size * 1.2, 0.1), ball(x, y, size, "#5c9c6c", "#1f4f44"))
    canvas.fill(
        [box(274, 36, 286, 452), box(110, 190, 450, 200)], level(92, 468, "#fff6dc", "#d8c49c")
    )
    canvas.fill(
        polygon((0, 470), (560, 470), (560, 560), (0, 560)), upright(470, 560, "#e4cc9c", "#a88458")
    )
    canvas.fill(box(0, 462, 560, 480), flat("#fff2d4"))
    canvas.fill(ellipse(330, 490, 150, 14), flat("#5c3c2c"), opacity=0.6, soft=5, part=False)
    tail = [(390, 462), (470, 476), (500, 510), (470, 546), (420, 540)]
    canvas.fill(ribbon(tail, 40, 20), upright(460, 548, "#e88c34", "#a8501c"))
    body = [(276, 258), (228, 318), (206, 400), (204, 482), (300, 492), (404, 486), (440, 430)]
    body += [(424, 350), (372, 276), (330, 240)]
    fur = linear((210, 260), (430, 470), "#ffc468", "#ec8c30", "#a84c1c")
    canvas.fill(curve(body), fur)
    for back in range(5):
        y = 312 + 32 * back
        stripe = [(414 + back * 4, y + 6), (386, y), (356, y + 12)]
        canvas.fill(ribbon(stripe, 13, 3), flat("#8c3c14"), opacity=0.9)
    canvas.fill(
        curve([(250, 300), (236, 380), (246, 440), (286, 440), (306, 380), (300, 300)]),
        upright(300, 440, "#fff2dc", "#f0c890"),
    )
    for x in (238, 288):
        leg = curve([(x - 20, 400), (x - 22, 480), (x, 494), (x + 22, 482), (x + 18, 400)])
        canvas.fill(leg, level(x - 22, x + 22, "#ffbc60", "#c8682c"))
        canvas.fill(ellipse(x, 484, 24, 11), flat("#fff0d8"))
    _cat_head(canvas, fur)
    return canvas.scene("Cat at the window")


def _cat_head(canvas: Canvas, fur: Paint) -> None:
    for tip, outer, inner in (
        ((196, 130), (190, 214), (256, 174)),
        ((358, 134), (370, 216), (302, 174)),
    ):
        canvas.fill(polygon(tip, outer, inner), flat("#d8742c"))
        centre = np.mean([tip, outer, inner], axis=0)
        small = centre + (np.array([tip, outer, inner]) - centre) * 0.55
        canvas.fill(small, flat("#f4a8a0"))
    head = [
        (190, 214),
        (216, 178),
        (280, 166),
        (344, 178),
        (372, 216),
        (364, 262),
        (322, 298),
        (280, 304),
        (238, 298),
        (198, 262),
    ]
    canvas.fill(curve(head), ball(280, 232, 92, "#ffd488", "#f09a3c", "#b4581c"))
    for x in (262, 280, 298):
        canvas.fill(ribbon([(x, 172), (280 + (x - 280) * 0.7, 206)], 9, 3), flat("#8c3c14"))
    for side in (-1, 1):
        for drop in (232, 250):
            canvas.fill(
                ribbon([(280 + side * 92, drop), (280 + side * 60, drop + 6)], 9, 2),
                flat("#8c3c14"),
            )
        eye = (280 + side * 40, 228)
        canvas.fill(
            curve(
                [
                    (eye[0] - 20, eye[1]),
                    (eye[0], eye[1] - 15),
                    (eye[0] + 20, eye[1]),
                    (eye[0], eye[1] + 12),
                ]
            ),
            flat("#2c1c14"),
        )
        canvas.fill(ellipse(*eye, 14, 11.5), radial(eye, 14, "#f0f48c", "#7cb83c"))
        canvas.fill(ellipse(*eye, 4, 11), flat("#10140c"))
        canvas.fill(ellipse(eye[0] - 4, eye[1] - 5, 2.6, 2.6), flat("#ffffff"))
        canvas.fill(ellipse(280 + side * 19, 272, 23, 17), flat("#fff4e0"))
    canvas.fill(ellipse(280, 288, 16, 10), flat("#fff4e0"))
    canvas.fill(curve([(268, 252), (280, 249), (292, 252), (280, 265)], steps=5), flat("#d86470"))
    for side in (-1, 1):
        canvas.fill(
            ribbon([(280, 264), (280 + side * 4, 277), (280 + side * 20, 278)], 2.6, 1.6),
            flat("#5c2c1c"),
        )
        for drop in (-8, 2, 12):
            whisker = [
                (280 + side * 26, 270 + drop * 0.4),
                (280 + side * 70, 266 + drop),
                (280 + side * 112, 272 + drop * 2),
            ]
            canvas.fill(ribbon(whisker, 2.0, 1.0), flat("#fffaf0"))
