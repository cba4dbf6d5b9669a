"""Edited copies of works: each edit of ``core.edits``, made when it is described."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple, Protocol

from PIL import Image

from ..collection.fields import image_limits
from ..conf import conf
from ..core import surroundings
from ..core.decoding import to_picture
from ..core.edits import EDITS, apply_edit
from ..core.images import ImageFacts, Picture, open_image
from ..core.same_picture.detail import Detail
from .kept import digest
from .sources import Shown

#: Pictures that share a collage with an edited work.
COMPANY_OF_A_COLLAGE = 3
#: Long side to which a work is reduced before it is edited.
LONG_SIDE = 1024
#: Raised whenever an edit gives other pixels, or is described in other windows.
VERSION = 2


class Read(Protocol):
    """Decodes a picture, with local features in ``detail``."""

    def __call__(self, detail: Detail | None) -> Picture: ...


class Edited(NamedTuple):
    """One edit of a work; ``group`` is the key of the work."""

    key: str
    name: str
    kind: str
    group: str
    read: Read


def edit_queries(works: Sequence[tuple[Shown, str]], company: Sequence[Shown]) -> Iterator[Edited]:
    """Yield each edit of each work, given with its key; ``company`` shares collages in turn."""
    for number, (shown, key) in enumerate(works):
        start = COMPANY_OF_A_COLLAGE * number
        turned = (
            [company[(start + at) % len(company)] for at in range(COMPANY_OF_A_COLLAGE)]
            if company
            else []
        )
        beside = tuple(dict.fromkeys(each.path for each in turned))
        for kind in EDITS:
            names = [each.name for each in turned]
            yield Edited(
                digest([str(VERSION), key, kind, str(number), *names]),
                f"{shown.name}, {kind}",
                kind,
                key,
                partial(_read_edited, shown.path, kind, number, beside),
            )


def _read_edited(
    path: Path, kind: str, seed: int, company: Sequence[Path], detail: Detail | None
) -> Picture:
    edited = apply_edit(kind, _open(path), seed, [_open(each) for each in company])
    facts = ImageFacts("PNG", edited.width, edited.height)
    found = surroundings.find(edited) if conf.crop_borders else surroundings.NONE
    return to_picture(edited, facts, "", detail, found)


@lru_cache(maxsize=8)
def _open(path: Path) -> Image.Image:
    image, _facts = open_image(path.read_bytes(), image_limits())
    image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.BICUBIC)
    return image
