"""A portrait."""

from __future__ import annotations

import numpy as np

from project.demo.canvas import Canvas, Scene
from project.demo.paints import flat, level, linear, radial, upright
from project.demo.shapes import curve, ellipse, polygon, ribbon


def portrait() -> Scene:
    """Draw a woman in a straw hat and a red scarf, three-quarter light from the left."""
    canvas = Canvas(500, 640)
    canvas.ground(radial((170, 200), 520, "#8cc0b4", "#4c8c90", "#1f4c5c"))
    dress = [
        (-30, 680),
        (10, 560),
        (90, 506),
        (180, 486),
        (250, 520),
        (330, 486),
        (420, 512),
        (490, 566),
        (530, 680),
    ]
    canvas.fill(curve(dress), level(20, 490, "#4c74c0", "#2c4c9c", "#14265c"))
    for fold in (
        [(110, 640), (120, 580), (150, 520)],
        [(390, 640), (384, 580), (352, 520)],
        [(60, 640), (66, 600), (80, 560)],
    ):
        canvas.fill(ribbon(fold, 12, 3), flat("#0f1c48"), opacity=0.7, soft=2, part=False)
    hair = [
        (158, 180),
        (126, 260),
        (122, 350),
        (140, 430),
        (186, 470),
        (250, 440),
        (320, 470),
        (368, 430),
    ]
    hair += [(382, 340), (372, 250), (340, 180)]
    canvas.fill(curve(hair), level(124, 380, "#8c4c28", "#54281c", "#241214"))
    neck = curve(
        [(206, 400), (202, 480), (176, 506), (250, 560), (330, 506), (302, 480), (300, 400)]
    )
    canvas.fill(neck, level(196, 310, "#e8b48c", "#c07c5c", "#7c4438"))
    canvas.fill(ellipse(256, 440, 62, 26), flat("#7c4438"), opacity=0.7, soft=7, part=False)
    face = [
        (170, 250),
        (172, 330),
        (190, 392),
        (228, 436),
        (254, 444),
        (284, 434),
        (322, 388),
        (338, 322),
        (338, 250),
        (300, 196),
        (206, 196),
    ]
    canvas.fill(
        curve(face), linear((176, 260), (344, 360), "#ffe4c4", "#f4c49c", "#d08c68", "#8c503c")
    )
    cheek = flat("#e8705c")
    canvas.fill(ellipse(208, 346, 25, 19), cheek, opacity=0.5, soft=8, part=False)
    canvas.fill(ellipse(306, 346, 20, 18), cheek, opacity=0.45, soft=8, part=False)
    canvas.fill(
        curve([(272, 270), (278, 330), (290, 356), (262, 362), (256, 340), (262, 300)]),
        flat("#b06c50"),
        opacity=0.6,
        soft=3,
        part=False,
    )
    canvas.fill(
        curve([(250, 288), (256, 288), (256, 346), (244, 348)]),
        flat("#fff2dc"),
        opacity=0.7,
        soft=3,
        part=False,
    )
    canvas.fill(
        ribbon([(236, 356), (244, 364), (256, 360), (268, 365), (276, 356)], 4, 3), flat("#94503c")
    )
    for x, side in ((214.0, -1), (294.0, 1)):
        canvas.fill(curve([(x - 24, 300), (x, 286), (x + 24, 300), (x, 312)]), flat("#fbf4ea"))
        canvas.fill(ellipse(x + 2, 299, 11, 11.5), radial((x, 296), 12, "#5c8c74", "#2c4c44"))
        canvas.fill(ellipse(x + 2, 299, 5, 5), flat("#120c10"))
        canvas.fill(ellipse(x - 2, 295, 2.6, 2.6), flat("#ffffff"))
        canvas.fill(
            ribbon([(x - 26, 302), (x - 8, 288), (x + 10, 287), (x + 26, 301)], 5, 4),
            flat("#2c1614"),
        )
        brow = [(x - 28 * side, 272), (x, 260), (x + 30 * side, 272)]
        canvas.fill(ribbon(brow, 8, 4), flat("#4a2418"))
    upper = curve([(216, 394), (238, 384), (254, 389), (270, 384), (290, 393), (254, 402)], steps=6)
    canvas.fill(
        curve([(218, 394), (254, 398), (290, 393), (272, 412), (254, 416), (236, 412)], steps=6),
        flat("#e0584c"),
    )
    canvas.fill(upper, flat("#b0302f"))
    canvas.fill(ellipse(256, 428, 20, 5), flat("#b06c50"), opacity=0.4, soft=4, part=False)
    canvas.fill(
        curve([(336, 250), (344, 320), (324, 400), (306, 440), (354, 420), (376, 330), (362, 250)]),
        level(310, 380, "#5c2c1c", "#241214"),
    )
    canvas.fill(
        curve([(172, 250), (160, 330), (176, 400), (164, 430), (134, 400), (130, 320), (146, 240)]),
        level(130, 180, "#a45c30", "#6c3820"),
    )
    for x in (150.0, 350.0):
        canvas.fill(
            ellipse(x + (18 if x < 250 else -6), 408, 9, 13),
            radial((x + 8, 402), 16, "#fff8c8", "#e0a82c"),
        )
    shade = curve([(160, 226), (250, 244), (350, 226), (344, 262), (250, 282), (168, 264)])
    canvas.fill(shade, flat("#7c4434"), opacity=0.45, soft=5, part=False)
    brim = [
        (30, 226),
        (96, 182),
        (250, 168),
        (410, 172),
        (478, 214),
        (416, 246),
        (250, 260),
        (96, 254),
    ]
    canvas.fill(curve(brim), linear((40, 180), (460, 260), "#fff0b8", "#f0c85c", "#b8802c"))
    crown = [
        (136, 204),
        (146, 110),
        (196, 62),
        (258, 52),
        (320, 66),
        (362, 118),
        (370, 204),
        (250, 222),
    ]
    canvas.fill(curve(crown), level(140, 368, "#fff2bc", "#f4d06c", "#c08830", "#8c5c20"))
    band = [(136, 172), (250, 188), (369, 172), (372, 204), (250, 224), (134, 204)]
    canvas.fill(curve(band), level(136, 370, "#e84c3c", "#a8202c"))
    for step in range(4):
        top = 92 + 22 * step
        weave = [(150 - step * 3, top + 22), (250, top + 34), (360 + step * 3, top + 22)]
        canvas.fill(ribbon(weave, 2, 2), flat("#b88430"), opacity=0.6, part=False)
    for x, y, size in ((344.0, 196.0, 26.0), (372, 212, 20), (322, 214, 18)):
        petals = [
            ellipse(
                x + size * 0.5 * np.cos(a), y + size * 0.5 * np.sin(a), size * 0.5, size * 0.36, a
            )
            for a in np.arange(5) * 1.2566
        ]
        canvas.fill(petals, radial((x, y), size, "#fffaf0", "#f8d8dc"))
        canvas.fill(ellipse(x, y, size * 0.24, size * 0.24), flat("#f0b42c"))
    scarf = [
        (150, 486),
        (196, 462),
        (254, 500),
        (312, 462),
        (360, 486),
        (340, 532),
        (256, 566),
        (168, 534),
    ]
    canvas.fill(curve(scarf), level(150, 360, "#f4604c", "#d0302c", "#80141f"))
    tails = (
        polygon((250, 548), (222, 632), (262, 640), (280, 556)),
        polygon((270, 548), (322, 614), (350, 586), (296, 540)),
    )
    for tail in tails:
        canvas.fill(tail, upright(540, 640, "#d8342f", "#941c26"))
    canvas.fill(ellipse(266, 544, 24, 20), radial((258, 538), 28, "#ff8068", "#b4242c"))
    for line in ([(170, 500), (210, 490), (250, 526)], [(340, 500), (304, 492), (278, 524)]):
        canvas.fill(ribbon(line, 6, 2), flat("#8c1620"), opacity=0.8, part=False)
    return canvas.scene("Woman in a straw hat")
