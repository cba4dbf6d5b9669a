"""Pages of the API: by number, or after the last row that a client has seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from ..collection import keyset
from ..conf import conf

#: Characters of a cursor; two sort keys of the greatest length fit.
MAX_CURSOR = 6000
MAX_PAGE = 1_000_000


class Pages(PageNumberPagination):
    """Pagination by ``page`` or ``cursor``, and ``page_size``, up to ``STYLESIM_MAX_RESULTS``.

    A larger size is refused, not reduced. ``next`` and ``previous`` hold a cursor, so that no row
    is shown twice or skipped while rows are added; only an order by expressions has page numbers.
    """

    page_size = 20
    page_size_query_param = "page_size"
    cursor_query_param = "cursor"
    invalid_page_message: Any = gettext_lazy("Page {page_number} does not exist.")

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("page_size")
        if text is None:
            return min(self.page_size, conf.max_results)
        try:
            size = int(text)
        except ValueError:
            size = 0
        if not 1 <= size <= conf.max_results:
            reason = _("Enter a whole number from 1 to %(most)d.") % {"most": conf.max_results}
            raise ValidationError({"page_size": [reason]})
        return size

    def paginate_queryset(
        self, queryset: Any, request: Request, view: Any = None
    ) -> list[Any] | None:
        self.request: Any = request
        self.terms = keyset.terms_of(queryset)
        self.token = request.query_params.get(self.cursor_query_param)
        if self.terms is None:
            if self.token is not None:
                raise _invalid(_("This order has pages only; use “page”."))
            self.rows: list[Any] = super().paginate_queryset(queryset, request, view) or []
            self.count = queryset.count()
            return self.rows
        if self.token is None:
            by_key = keyset.ordered(queryset, self.terms, backwards=False)
            self.rows = super().paginate_queryset(by_key, request, view) or []
            page: Any = self.page
            self.count = page.paginator.count
            self.has_next, self.has_previous = page.has_next(), page.has_previous()
            return self.rows
        if self.page_query_param in request.query_params:
            raise _invalid(_("Send either “page” or “cursor”, but not both."))
        size = self.get_page_size(request)
        self.count = queryset.count()
        self.rows = self._read_after(queryset, self.terms, size)
        return self.rows

    def get_next_link(self) -> str | None:
        if self.terms is None:
            return super().get_next_link()
        return self._link(self.rows[-1:], backwards=False) if self.has_next else None

    def get_previous_link(self) -> str | None:
        if self.terms is None:
            return super().get_previous_link()
        return self._link(self.rows[:1], backwards=True) if self.has_previous else None

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        return Response({"count": self.count, **links, "results": data})

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        facts: dict[str, tuple[str, dict[str, Any]]] = {
            "page": (
                "A page by its number.",
                {"type": "integer", "minimum": 1, "maximum": MAX_PAGE},
            ),
            "page_size": (
                "Number of artworks per page.",
                {"type": "integer", "minimum": 1, "maximum": conf.max_results},
            ),
            "cursor": (
                "The place in the list from which to continue, as in next and previous.",
                {"type": "string", "maxLength": MAX_CURSOR},
            ),
        }
        return [
            {"name": name, "required": False, "in": "query", "description": text, "schema": schema}
            for name, (text, schema) in facts.items()
        ]

    def _read_after(
        self, queryset: QuerySet[Any], terms: Sequence[keyset.Term], size: int
    ) -> list[Any]:
        """Return the rows after the cursor, or before it if it leads backwards."""
        position, backwards = self._read_cursor(terms)
        rows = keyset.ordered(queryset, terms, backwards=backwards)
        try:
            rows = keyset.after(rows, terms, position, backwards=backwards)
        except (ValueError, TypeError, DjangoValidationError) as error:
            raise _invalid(_("This cursor is not valid. Start again without it.")) from error
        found = list(rows[: size + 1])
        more, found = len(found) > size, found[:size]
        # The row that the cursor was taken from lies on the other side.
        self.has_next, self.has_previous = (True, more) if backwards else (more, True)
        return found[::-1] if backwards else found

    def _read_cursor(self, terms: Sequence[keyset.Term]) -> tuple[list[Any], bool]:
        if len(self.token or "") > MAX_CURSOR:
            raise _invalid(_("This cursor is not valid. Start again without it."))
        try:
            order, position, backwards = _signer().unsign_object(self.token or "")
        except (BadSignature, ValueError) as error:
            raise _invalid(_("This cursor is not valid. Start again without it.")) from error
        if order != [str(term) for term in terms]:
            raise _invalid(_("This cursor belongs to another order. Start again without it."))
        return position, backwards

    def _link(self, rows: Sequence[Any], *, backwards: bool) -> str | None:
        if not rows or self.terms is None:
            return None
        position = keyset.position_of(rows[0], self.terms)
        order = [str(term) for term in self.terms]
        token = _signer().sign_object([order, position, backwards], compress=True)
        url = remove_query_param(self.request.build_absolute_uri(), self.page_query_param)
        return replace_query_param(url, self.cursor_query_param, token)


def _signer() -> Signer:
    """Return the signer of cursors, so that their values are those of rows."""
    return Signer(salt="stylesim.cursor")


def _invalid(reason: str) -> ValidationError:
    return ValidationError({"cursor": [reason]})
