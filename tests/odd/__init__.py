"""Several hundred files that are odd and valid, all of small pictures."""

# mypy: disable-error-code="misc"
# (It cannot infer lambdas whose defaults keep the values of a loop.)

from __future__ import annotations

from functools import cache

from tests.odd_pictures import MAKERS, odd_picture

from . import jpegs, others, pngs, tiffs
from .kinds import NEAR, Odd

#: By name.
ODD_FILES: dict[str, Odd] = {
    **{name: Odd(lambda name=name: odd_picture(name)) for name in MAKERS},
    **jpegs.make(),
    **pngs.make(),
    **tiffs.make(),
    **others.make(),
}


@cache
def content_of(name: str) -> bytes:
    return ODD_FILES[name].make()


__all__ = ["NEAR", "ODD_FILES", "Odd", "content_of"]
