"""Permissions to use the API: scopes of tokens, and Django's permissions to write.

The visibility hook controls reading.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from ..collection.swapping import get_artwork_model
from ..collection.visibility import may_index

_ACTIONS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


#: Scopes of tokens. An endpoint of another app may require a scope of its own.
READ, WRITE, REVIEW = "read", "write", "review"


class HasScope(BasePermission):
    """A token with scopes, as ``request.auth.scopes``, needs the one that the request requires.

    That is the view's ``required_scope``, or else ``read`` to read and ``write`` to write.
    Sessions, and tokens without scopes, may do all that their account may.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        scopes = getattr(request.auth, "scopes", None)
        if scopes is None:
            return True
        by_method = READ if request.method in SAFE_METHODS else WRITE
        required = getattr(view, "required_scope", None) or by_method
        if required not in scopes:
            raise MissingScope(required)
        return True


class MissingScope(PermissionDenied):
    """A token that lacks the scope which a request requires."""

    default_code = "missing_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(
            _("This token lacks the scope “%(scope)s”. Create a token that has it.")
            % {"scope": scope}
        )


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


class HasAccount(BasePermission):
    """Reading and writing require an account; what an address takes is told to anyone."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.method == "OPTIONS" or bool(request.user.is_authenticated)
