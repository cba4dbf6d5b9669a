"""Permissions to write through the API; the visibility hook controls reading."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from ..collection.swapping import get_artwork_model
from ..collection.visibility import may_index

_ACTIONS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class MayWriteArtworks(BasePermission):
    """Writing requires Django's permission on the artwork model; reading requires none."""

    def has_permission(self, request: Request, view: Any) -> bool:
        action = _ACTIONS.get(str(request.method))
        if action is None:
            return True
        options = get_artwork_model()._meta
        return request.user.has_perm(f"{options.app_label}.{action}_{options.model_name}")


class MayIndex(BasePermission):
    """Indexing again requires its permission; reading the state of the index requires none."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method in SAFE_METHODS or may_index(request.user)
