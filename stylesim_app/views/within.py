"""The set that a ranking is limited to, by the parameter ``within``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils.http import urlencode

from ..models import Selection
from ..selections import finding

#: The parameter: the key of a set, or the token of its link.
WITHIN = "within"
#: Sets of a person to choose from, the last changed first.
MOST_OFFERED = 50


@dataclass(frozen=True)
class Within:
    """The set whose works are ranked; without one, all works, or none if it was ``not_found``."""

    reference: str = ""
    selection: Selection | None = None
    without: str = ""
    own: Sequence[Selection] = field(default_factory=list)

    @property
    def not_found(self) -> bool:
        return bool(self.reference) and self.selection is None

    @property
    def offered(self) -> list[tuple[str, str]]:
        """The reference and the name of each set to choose from."""
        offered = [(str(selection.pk), selection.name) for selection in self.own]
        if self.selection is not None and self.reference not in dict(offered):
            offered.insert(0, (self.reference, self.selection.name))
        return offered


def read_within(request: HttpRequest) -> Within:
    """Return the set that a request names."""
    reference = request.GET.get(WITHIN, "")
    without = request.GET.copy()
    without.pop(WITHIN, None)
    user = request.user
    own = (
        list(Selection.objects.filter(owner=user.pk)[:MOST_OFFERED])
        if user.is_authenticated
        else []
    )
    selection = finding.find(reference, user) if reference else None
    return Within(reference, selection, without.urlencode(), own)


def keep_within(request: HttpRequest, address: str) -> str:
    """Return an address with the set that a request names, if it names one."""
    reference = request.GET.get(WITHIN, "")
    return f"{address}?{urlencode({WITHIN: reference})}" if reference else address
