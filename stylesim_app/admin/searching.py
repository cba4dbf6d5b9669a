"""Search in lists of the admin, which finds the same works as the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.db.models import QuerySet
from django.http import HttpRequest

from ..collection.filters import MAX_TEXT, check_words, search_words
from ..collection.keys import RELATION

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
else:
    BaseAdmin = object


class SearchMixin(BaseAdmin):
    """A list whose search compares folded letters, and is bounded like that of the pages."""

    def search_in_keys(
        self, request: HttpRequest, queryset: QuerySet[Any], text: str, relation: str = RELATION
    ) -> QuerySet[Any]:
        """Return the rows that contain every word; none, with a message, if there are too many."""
        try:
            _check(text)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return queryset.none()
        return search_words(queryset, text, relation)

    @staticmethod
    def is_bounded(text: str) -> bool:
        """Return whether a text is short enough to search for."""
        try:
            _check(text)
        except ValidationError:
            return False
        return True


def _check(text: str) -> None:
    for check in (MaxLengthValidator(MAX_TEXT), ProhibitNullCharactersValidator(), check_words):
        check(text)
