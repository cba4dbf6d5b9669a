"""The places in pages and in the admin where a wing shows something of its own.

A wing registers from ``AppConfig.ready``. Nothing is asked, queried or shown where none does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.http import HttpRequest
from django.utils.functional import Promise


class Answer(Protocol):
    """The attributes that the answers of all lanes share; ``lane`` tells their kind."""

    @property
    def lane(self) -> str: ...

    @property
    def query(self) -> Any: ...


class Result(Protocol):
    """The attributes that the results of all lanes share."""

    @property
    def rank(self) -> int: ...

    @property
    def artwork(self) -> Any: ...


#: Return HTML that is safe to show, or an empty text; mostly by ``render_to_string``.
ResultBlock = Callable[[HttpRequest, Answer, Result], str]
ArtworkPanel = Callable[[HttpRequest, Any], str]
StatusPanel = Callable[[HttpRequest], str]


@dataclass(frozen=True)
class MenuItem:
    """An entry of the menu: a page without arguments, shown to those who are ``allowed``."""

    label: str | Promise
    url_name: str
    order: int = 100
    allowed: Callable[[HttpRequest], bool] = lambda _request: True


_menu: list[MenuItem] = []
_result_blocks: list[ResultBlock] = []
_artwork_panels: list[ArtworkPanel] = []
_admin_panels: list[ArtworkPanel] = []
_status_panels: list[StatusPanel] = []


def add_menu_item(item: MenuItem) -> None:
    """Add an entry to the menu of the pages, by its ``order``."""
    if item not in _menu:
        _menu.append(item)
        _menu.sort(key=lambda each: each.order)


def add_result_block(render: ResultBlock) -> None:
    """Add a block to the card of each ranked work on pages, in all lanes."""
    _add(_result_blocks, render)


def add_artwork_panel(render: ArtworkPanel) -> None:
    """Add a panel to the page of an artwork, above its similar works."""
    _add(_artwork_panels, render)


def add_admin_panel(render: ArtworkPanel) -> None:
    """Add a panel to the record of an artwork in the admin, above its similar works."""
    _add(_admin_panels, render)


def add_status_panel(render: StatusPanel) -> None:
    """Add a panel to the page on the state of the index, above its tables."""
    _add(_status_panels, render)


def menu(request: HttpRequest) -> list[MenuItem]:
    """Return the entries of the menu that the caller may use."""
    return [item for item in _menu if item.allowed(request)]


def result_blocks(request: HttpRequest, answer: Answer, result: Result) -> list[str]:
    """Return the blocks of one ranked work."""
    return [block for render in _result_blocks if (block := render(request, answer, result))]


def artwork_panels(request: HttpRequest, artwork: Any) -> list[str]:
    """Return the panels of an artwork's page."""
    return [panel for render in _artwork_panels if (panel := render(request, artwork))]


def admin_panels(request: HttpRequest, artwork: Any) -> list[str]:
    """Return the panels of an artwork's record in the admin."""
    return [panel for render in _admin_panels if (panel := render(request, artwork))]


def status_panels(request: HttpRequest) -> list[str]:
    """Return the panels of the page on the state of the index."""
    return [panel for render in _status_panels if (panel := render(request))]


def _add(renderers: list[Any], render: Any) -> None:
    if render not in renderers:
        renderers.append(render)
