"""Who may do what in the API. What somebody may see is the visibility hook's affair."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from ..collection.swapping import get_artwork_model
from ..collection.visibility import may_index

_ACTIONS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class MayWriteArtworks(BasePermission):
    """Writing needs Django's permission for it on the artwork model; reading needs none."""

    def has_permission(self, request: Request, view: Any) -> bool:
        action = _ACTIONS.get(str(request.method))
        if action is None:
            return True
        options = get_artwork_model()._meta
        return request.user.has_perm(f"{options.app_label}.{action}_{options.model_name}")


class MayIndex(BasePermission):
    """Anybody may read where the index stands; changing it needs its permission."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or may_index(request.user)
